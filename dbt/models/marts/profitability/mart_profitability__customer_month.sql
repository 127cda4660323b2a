-- One row per customer and month since the customer was registered: the statement of the base rule
-- set; and one per month for what belongs to nobody: units, treasury, and whatever has no owner.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('mart_profitability__customer_month') %}
{%- set lines = statement_lines() %}
with statement as (
    select
        customer_key,
        month_date,
        {%- for line in lines %}
        {{ total_of_lines([line], 'profit') }} as {{ line }}_amount,
        {%- endfor %}
        {{ total_of_lines(lines_before_tax(), 'profit') }} as pre_tax_profit_amount
    from {{ ref('fct_profit_month') }} as profit
    where rule_set_code = '{{ var("base_rule_set") }}' and {{ in_rebuilt('month_date', first_month) }}
    group by customer_key, month_date
),

customer_month as (
    select *
    from {{ ref('fct_customer_month') }}
    where {{ in_rebuilt('month_date', first_month) }}
),

-- Nobody has a row only where something belongs to him.
present as (
    select
        coalesce(month.customer_key, statement.customer_key) as customer_key,
        coalesce(month.customer_fk, {{ var('unassigned_pk') }}) as customer_fk,
        coalesce(month.month_date, statement.month_date) as month_date,
        coalesce(month.missing_rate_account_count, 0) as missing_rate_account_count,
        {%- for name in ['deposit_average', 'loan_average', 'deposit_margin', 'loan_margin', 'contribution'] %}
        coalesce(month.{{ name }}_amount, 0) as {{ name }}_amount,
        {%- endfor %}
        {%- for line in lines %}
        coalesce(statement.{{ line }}_amount, 0) as {{ line }}_amount,
        {%- endfor %}
        coalesce(statement.pre_tax_profit_amount, 0) as pre_tax_profit_amount
    from customer_month as month
    full outer join statement
        on month.customer_key = statement.customer_key and month.month_date = statement.month_date
),

stated as (
    select
        present.*,
        customer.organisation_fk,
        customer.manager_fk,
        customer.district_fk,
        present.pre_tax_profit_amount + present.income_tax_amount as net_profit_amount,
        -- One place for all customers, none for nobody.
        case when present.customer_key <> {{ var('unassigned_pk') }} then 1 else 0 end as is_ranked,
        rule.capital_return_rate,
        coalesce(
            {{ share_of_amount('exposure.risk_weighted_amount', 'rule.capital_ratio_rate') }}, 0
        ) as economic_capital_amount
    from present
    left join {{ ref('dim_customer') }} as customer on present.customer_fk = customer.customer_pk
    left join {{ ref('fct_customer_exposure_month') }} as exposure
        on present.customer_key = exposure.customer_key and present.month_date = exposure.month_date
    left join {{ ref('profit_rule_set') }} as rule
        on {{ as_at('rule', 'present.month_date') }}
        and rule.rule_set_code = '{{ var("base_rule_set") }}'
),

ranked as (
    select
        stated.*,
        row_number() over (
            partition by month_date, is_ranked order by net_profit_amount desc, customer_key
        ) as profit_rank,
        cast(
            sum(net_profit_amount) over (
                partition by month_date, is_ranked
                order by net_profit_amount desc, customer_key
                rows between unbounded preceding and current row
            ) as decimal(18, 2)
        ) as cumulative_profit_amount,
        cast(sum(net_profit_amount) over (partition by month_date, is_ranked) as decimal(18, 2))
            as total_profit_amount
    from stated
)

select
    cast(customer_key as bigint) as customer_key,
    cast(customer_fk as bigint) as customer_fk,
    cast({{ month_days('month_date') }} as int) as days_count,
    cast(coalesce(organisation_fk, {{ var('unassigned_pk') }}) as bigint) as organisation_fk,
    cast(coalesce(manager_fk, {{ var('unassigned_pk') }}) as bigint) as manager_fk,
    cast(coalesce(district_fk, {{ var('unassigned_pk') }}) as bigint) as district_fk,
    cast(deposit_average_amount as decimal(18, 2)) as average_deposit_amount,
    cast(loan_average_amount as decimal(18, 2)) as average_loan_amount,
    cast(deposit_margin_amount as decimal(18, 2)) as deposit_margin_amount,
    cast(loan_margin_amount as decimal(18, 2)) as loan_margin_amount,
    cast(contribution_amount as decimal(18, 2)) as contribution_amount,
    {%- for line in lines_before_tax() %}
    cast({{ line }}_amount as decimal(18, 2)) as {{ line }}_amount,
    {%- endfor %}
    cast(pre_tax_profit_amount as decimal(18, 2)) as pre_tax_profit_amount,
    cast(income_tax_amount as decimal(18, 2)) as income_tax_amount,
    cast(net_profit_amount as decimal(18, 2)) as net_profit_amount,
    cast(capital_charge_amount as decimal(18, 2)) as capital_charge_amount,
    cast(net_profit_amount + capital_charge_amount as decimal(18, 2)) as economic_profit_amount,
    cast(economic_capital_amount as decimal(18, 2)) as economic_capital_amount,
    -- Of capital below a yuan a return says nothing, and would not fit.
    cast(
        case
            when economic_capital_amount >= 1
                then {{ ratio_of('12 * net_profit_amount', 'economic_capital_amount') }} + capital_return_rate
        end as decimal(18, 8)
    ) as risk_adjusted_return_rate,
    cast(case when is_ranked = 1 then profit_rank end as bigint) as profit_rank,
    cast(case when is_ranked = 1 then cumulative_profit_amount end as decimal(18, 2)) as cumulative_profit_amount,
    cast(case when is_ranked = 1 then total_profit_amount end as decimal(18, 2)) as total_profit_amount,
    -- Null in a month whose customers together bring nothing.
    cast(
        case
            when is_ranked = 1 then {{ ratio_of('cumulative_profit_amount', 'total_profit_amount') }}
        end as decimal(18, 8)
    ) as cumulative_profit_share,
    cast(missing_rate_account_count as int) as missing_rate_account_count,
    cast(month_date as date) as month_date
from ranked
