-- One row per day, set of methods, currency, pillar and part of the margin: what customers and treasury
-- earn on it. Each day is counted to the fen, and the last of a month takes what its accounts, each
-- rounded once a month, make more or less than that: so days add up to months.
{{ partitioned_from_month('month_date') }}
{%- set components = ['interest', 'base', 'liquidity', 'reserve', 'policy'] %}
with monthly as (
    select
        month_date,
        method_set_code,
        currency_code,
        pillar_code,
        {%- for component in components %}
        sum({{ 'ftp_' if component != 'interest' }}{{ component }}_amount) as {{ component }}_month_amount,
        {%- endfor %}
        day_basis
    from {{ ref('int_account__price_month') }}
    where base_rate is not null
    group by month_date, method_set_code, currency_code, pillar_code, day_basis
),

-- A column for each part becomes a row, in whole 10^-16 yuan times the days of the year: the price of 100
-- units has four decimals.
part as (
    {%- for component in components %}
    select
        daily.month_date,
        daily.date_day,
        daily.method_set_code,
        daily.currency_code,
        daily.pillar_code,
        daily.day_basis,
        {{ in_yuan('daily.balance_amount', 'daily.currency_code', 'exchange.exchange_price') }} as balance_amount,
        '{{ component }}' as component_code,
        {{ '' if component == 'interest' else '-' }}case daily.pillar_code when 'asset' then 1 else -1 end
        * {{ wide_units('daily.' ~ component ~ '_weight', 10) }}
        * case
            when {{ is_own_currency('daily.currency_code') }} then 1000000
            else cast(exchange.exchange_price * 10000 as bigint)
        end as weight_units,
        monthly.{{ component }}_month_amount as month_amount
    from {{ ref('int_pricing__spread_day') }} as daily
    inner join monthly
        on daily.month_date = monthly.month_date
        and daily.method_set_code = monthly.method_set_code
        and daily.currency_code = monthly.currency_code
        and daily.pillar_code = monthly.pillar_code
        and daily.day_basis = monthly.day_basis
    left join {{ ref('int_currency__find_rate') }} as exchange
        on {{ foreign_currency('daily.currency_code') }} = exchange.currency_code
        and daily.month_date = exchange.month_date
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

running as (
    select
        part.*,
        sum(weight_units) over (
            partition by month_date, method_set_code, currency_code, pillar_code, day_basis, component_code
            order by date_day
            rows between unbounded preceding and current row
        ) as running_units,
        max(date_day) over (
            partition by month_date, method_set_code, currency_code, pillar_code, day_basis, component_code
        ) as last_day
    from part
),

counted as (
    select
        running.*,
        {{ from_units(div_units_wide(
            'running_units', 'cast(day_basis as bigint) * 100000000000000'
        ), 2) }} as running_amount,
        {{ from_units(div_units_wide(
            'running_units - weight_units', 'cast(day_basis as bigint) * 100000000000000'
        ), 2) }} as earlier_amount
    from running
),

-- Accounts of two kinds of year meet here.
day_total as (
    select
        month_date,
        date_day,
        method_set_code,
        currency_code,
        pillar_code,
        component_code,
        {{ total_of('balance_amount') }} as balance_amount,
        {{ total_of('case when date_day = last_day then month_amount - running_amount else 0 end') }}
            as rounding_amount,
        {{ total_of('running_amount - earlier_amount') }} as day_amount
    from counted
    group by month_date, date_day, method_set_code, currency_code, pillar_code, component_code
)

select
    cast(date_day as date) as date_day,
    cast(method_set_code as {{ t_string() }}) as method_set_code,
    cast(currency_code as {{ t_string() }}) as currency_code,
    cast(pillar_code as {{ t_string() }}) as pillar_code,
    cast(component_code as {{ t_string() }}) as component_code,
    cast(balance_amount as decimal(18, 2)) as balance_amount,
    cast(day_amount + rounding_amount as decimal(18, 2)) as customer_amount,
    cast(case when component_code = 'interest' then 0 else -(day_amount + rounding_amount) end as decimal(18, 2))
        as treasury_amount,
    cast(rounding_amount as decimal(18, 2)) as rounding_amount,
    cast(month_date as date) as month_date
from day_total
where component_code in ('interest', 'base') or day_amount <> 0 or rounding_amount <> 0
