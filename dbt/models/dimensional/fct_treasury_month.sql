-- One row per month, set of methods, currency, pillar and component of the transfer price: treasury's
-- side of it.
-- It pays what deposits are credited and gets what loans are charged, so that customers and treasury
-- together earn the bank's net interest.
{{ partitioned_from_month('month_date') }}
with history as (
    -- A balance on the eve of the first month makes no month of its own.
    select min(month_date) as first_month_date from {{ ref('fct_account_month') }}
),

component as (
    {%- for component in ['base', 'liquidity', 'reserve', 'policy'] %}
    select
        method_set_code,
        currency_code,
        pillar_code,
        '{{ component }}' as component_code,
        balance_days_amount,
        ftp_{{ component }}_amount as ftp_amount,
        month_date
    from {{ ref('int_account__price_month') }}
    where {{ component }}_rate {{ 'is not null' if component == 'base' else '<> 0' }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    cast(component.method_set_code as {{ t_string() }}) as method_set_code,
    cast(component.currency_code as {{ t_string() }}) as currency_code,
    cast(component.pillar_code as {{ t_string() }}) as pillar_code,
    cast(component.component_code as {{ t_string() }}) as component_code,
    cast({{ total_of('component.balance_days_amount') }} as decimal(18, 2)) as balance_days_amount,
    cast(-{{ total_of('component.ftp_amount') }} as decimal(18, 2)) as treasury_amount,
    cast(component.month_date as date) as month_date
from component
inner join history on component.month_date >= history.first_month_date
group by
    component.method_set_code, component.currency_code, component.pillar_code,
    component.component_code, component.month_date
