-- One row per account, month, set of methods, side of the balance and component of its transfer price.
{{ partitioned_from_month('month_date') }}
{%- set components = ['base', 'liquidity', 'reserve', 'policy'] %}
{%- set told = ['method_code', 'tenor_days', 'pricing_date', 'curve_date', 'first_curve_count', 'ftp_rate'] %}
with component as (
    {%- for component in components %}
    select
        account_key,
        account_fk,
        month_date,
        method_set_code,
        is_overdrawn,
        '{{ component }}' as component_code,
        method_code,
        tenor_days,
        pricing_date,
        curve_date,
        first_curve_count,
        balance_days_amount,
        {{ component }}_rate as ftp_rate,
        ftp_{{ component }}_amount as ftp_amount
    from {{ ref('int_account__price_month') }}
    -- No row for an add-on that no rule gives.
    where {{ component }}_rate {{ 'is not null' if component == 'base' else '<> 0' }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- Several versions of an account may have held in a month; keys, method and rate are the last one's.
summed as (
    select
        account_month.account_fk,
        account_month.account_key,
        account_month.customer_fk,
        account_month.product_fk,
        account_month.organisation_fk,
        account_month.month_date,
        component.method_set_code,
        component.is_overdrawn,
        component.component_code,
        {{ total_of('component.balance_days_amount') }} as balance_days_amount,
        {%- for name in told %}
        max(case when component.account_fk = account_month.account_fk then component.{{ name }} end)
            as {{ name }},
        {%- endfor %}
        {{ total_of('component.ftp_amount') }} as ftp_amount
    from component
    inner join {{ ref('fct_account_month') }} as account_month
        on component.account_key = account_month.account_key
        and component.month_date = account_month.month_date
    group by
        account_month.account_fk, account_month.account_key, account_month.customer_fk,
        account_month.product_fk, account_month.organisation_fk, account_month.month_date,
        component.method_set_code, component.is_overdrawn, component.component_code
)

select
    cast(account_fk as bigint) as account_fk,
    cast(account_key as bigint) as account_key,
    cast(customer_fk as bigint) as customer_fk,
    cast(product_fk as bigint) as product_fk,
    cast(organisation_fk as bigint) as organisation_fk,
    cast(method_set_code as {{ t_string() }}) as method_set_code,
    cast(is_overdrawn as boolean) as is_overdrawn,
    cast(component_code as {{ t_string() }}) as component_code,
    cast(method_code as {{ t_string() }}) as method_code,
    cast(tenor_days as bigint) as tenor_days,
    cast(pricing_date as date) as pricing_date,
    cast(curve_date as date) as curve_date,
    cast(first_curve_count as int) as first_curve_count,
    cast(balance_days_amount as decimal(18, 2)) as balance_days_amount,
    cast(ftp_rate as decimal(12, 8)) as ftp_rate,
    cast(ftp_amount as decimal(18, 2)) as ftp_amount,
    cast(month_date as date) as month_date
from summed
