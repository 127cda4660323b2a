-- One row per month and business pillar, and one for what stands in none (units, treasury): what the
-- three pillars bring, and how much of the bank's income is fees.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('mart_profitability__pillar_month') %}
{%- set measures = statement_measures() %}
with pillar as (
    select
        -- Fees are the third pillar's, whatever the account that they were taken from.
        case
            when profit.profit_line_code in ('fee_income', 'fee_expense') then 'intermediary'
            else coalesce(product.pillar_code, 'unassigned')
        end as pillar_code,
        profit.profit_line_code,
        {{ total_of('profit.amount') }} as amount,
        profit.month_date
    from {{ ref('fct_profit_month') }} as profit
    inner join {{ ref('dim_product') }} as product on profit.product_fk = product.product_pk
    where
        profit.rule_set_code = '{{ var("base_rule_set") }}'
        and {{ in_rebuilt('profit.month_date', first_month) }}
    group by
        case
            when profit.profit_line_code in ('fee_income', 'fee_expense') then 'intermediary'
            else coalesce(product.pillar_code, 'unassigned')
        end,
        profit.profit_line_code, profit.month_date
),

summed as (
    select
        pillar_code,
        {%- for name, lines in measures.items() %}
        {{ total_of_lines(lines, 'pillar') }} as {{ name }}_amount,
        {%- endfor %}
        {{ net_profit_of_lines('pillar') }} as net_profit_amount,
        month_date
    from pillar
    group by pillar_code, month_date
),

shared as (
    select
        summed.*,
        cast(sum(net_interest_amount + net_fee_amount) over (partition by month_date) as decimal(18, 2))
            as bank_income_amount
    from summed
)

select
    cast(pillar_code as {{ t_string() }}) as pillar_code,
    cast({{ month_days('month_date') }} as int) as days_count,
    {%- for name in measures if name not in ('income_tax', 'capital_charge') %}
    cast({{ name }}_amount as decimal(18, 2)) as {{ name }}_amount,
    {%- endfor %}
    cast(income_tax_amount as decimal(18, 2)) as income_tax_amount,
    cast(net_profit_amount as decimal(18, 2)) as net_profit_amount,
    cast(capital_charge_amount as decimal(18, 2)) as capital_charge_amount,
    cast(bank_income_amount as decimal(18, 2)) as bank_income_amount,
    cast({{ ratio_of('net_interest_amount + net_fee_amount', 'bank_income_amount') }} as decimal(18, 8))
        as income_share,
    cast(month_date as date) as month_date
from shared
