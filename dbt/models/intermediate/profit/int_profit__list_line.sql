-- One row per account, customer, month, profit line and variant: what the line says of his part.
{%- set plain = {
    'interest_income': ('interest_income_amount', 'any'),
    'interest_expense': ('interest_expense_amount', 'any'),
    'ftp': ('ftp_amount', var('base_ftp_method_set')),
    'fee_income': ('fee_amount', 'any'),
} %}
with part as (
    select * from {{ ref('int_account__divide_month') }}
),

rebuilt as (
    select min(month_date) as first_month_date from part
),

-- Lines that are known by account, and are still to be divided among its holders.
whole as (
    select
        account_key,
        month_date,
        'expected_loss' as profit_line_code,
        loss_method_code as variant_code,
        loss_amount as amount
    from {{ ref('int_profit__charge_loss') }}
    union all
    select
        account_key,
        month_date,
        'ftp' as profit_line_code,
        method_set_code as variant_code,
        {{ total_of('ftp_amount') }} as amount
    from {{ ref('fct_ftp_month') }}
    where method_set_code <> '{{ var("base_ftp_method_set") }}'
    group by account_key, month_date, method_set_code
    union all
    {%- for kind in ['direct', 'indirect'] %}
    select
        account_key,
        month_date,
        '{{ kind }}_cost' as profit_line_code,
        cost_method_code as variant_code,
        {{ total_of(kind ~ '_cost_amount') }} as amount
    from {{ ref('int_profit__work_cost') }}
    where customer_key = {{ var('unassigned_pk') }}
    group by account_key, month_date, cost_method_code
    union all
    {%- endfor %}
    select
        exposure.account_key,
        exposure.month_date,
        'capital_charge' as profit_line_code,
        {{ rate_code('rule.charge_rate') }} as variant_code,
        -{{ share_of_amount('exposure.risk_weighted_amount', 'rule.charge_rate', parts=12) }} as amount
    from {{ ref('fct_exposure_month') }} as exposure
    inner join {{ rates_in_use(capital_charge_rate(), 'charge_rate') }} as rule
        on exposure.month_date = rule.month_date
),

divided as (
    select
        whole.account_key,
        coalesce(holder.customer_key, {{ var('unassigned_pk') }}) as customer_key,
        coalesce(holder.organisation_fk, {{ var('unassigned_pk') }}) as organisation_fk,
        whole.month_date,
        whole.profit_line_code,
        whole.variant_code,
        {{ part_between('whole.amount', 'coalesce(holder.from_units, 0)', 'coalesce(holder.to_units, 100000000)') }}
            as amount
    from whole
    inner join rebuilt on whole.month_date >= rebuilt.first_month_date
    left join {{ ref('int_account__share_month') }} as holder
        on whole.account_key = holder.account_key and whole.month_date = holder.month_date
),

-- Visits are work on a customer, whatever accounts he has.
visited as (
    select
        customer_key,
        cost_method_code,
        {{ total_of('direct_cost_amount') }} as direct_cost_amount,
        {{ total_of('indirect_cost_amount') }} as indirect_cost_amount,
        month_date
    from {{ ref('int_profit__work_cost') }}
    where customer_key <> {{ var('unassigned_pk') }}
    group by customer_key, cost_method_code, month_date
),

line as (
    {%- for name, (column, variant) in plain.items() %}
    select
        account_key,
        customer_key,
        organisation_fk,
        month_date,
        '{{ name }}' as profit_line_code,
        '{{ variant }}' as variant_code,
        {{ column }} as amount
    from part
    union all
    {%- endfor %}
    select
        part.account_key,
        part.customer_key,
        part.organisation_fk,
        part.month_date,
        'surtax' as profit_line_code,
        {{ rate_code('rule.surtax_rate') }} as variant_code,
        -{{ share_of_amount('(part.interest_income_amount + part.fee_amount)', 'rule.surtax_rate') }} as amount
    from part
    inner join {{ rates_in_use('surtax_rate', 'surtax_rate') }} as rule
        on part.month_date = rule.month_date
    union all
    select
        account_key,
        customer_key,
        organisation_fk,
        month_date,
        profit_line_code,
        variant_code,
        amount
    from divided
    {%- for kind in ['direct', 'indirect'] %}
    union all
    select
        {{ var('unassigned_pk') }} as account_key,
        visited.customer_key,
        coalesce(place.organisation_fk, {{ var('unassigned_pk') }}) as organisation_fk,
        visited.month_date,
        '{{ kind }}_cost' as profit_line_code,
        visited.cost_method_code as variant_code,
        visited.{{ kind }}_cost_amount as amount
    from visited
    left join {{ ref('int_customer__place_month') }} as place
        on visited.customer_key = place.customer_key and visited.month_date = place.month_date
    {%- endfor %}
)

select
    cast(account_key as bigint) as account_key,
    cast(customer_key as bigint) as customer_key,
    cast(organisation_fk as bigint) as organisation_fk,
    cast(profit_line_code as {{ t_string() }}) as profit_line_code,
    cast(variant_code as {{ t_string() }}) as variant_code,
    cast(amount as decimal(18, 2)) as amount,
    cast(month_date as date) as month_date
from line
where amount <> 0
