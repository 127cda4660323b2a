-- One row per day, set of methods, currency, pillar and days of the year: balances that are priced, and
-- what they bear times the days of the year, both in the currency.
{%- set components = ['interest', 'base', 'liquidity', 'reserve', 'policy'] %}
{#- The months that were priced; a balance on the eve of the first month makes none of its own. #}
{%- set from_priced = 'balance.month_date >= (select min(month_date) from ' ~ ref('int_account__price_month') ~ ')' %}
{%- set in_history = 'balance.month_date >= (select min(month_date) from ' ~ ref('fct_account_month') ~ ')' %}
with
-- Balances are gathered by stretch of days before they are spread over them: some five hundred
-- stretches a month, however many accounts.
stretch as (
    select
        cut.month_date,
        cut.valid_from_date,
        cut.valid_to_date,
        price.method_set_code,
        price.currency_code,
        price.pillar_code,
        price.day_basis,
        {%- for component in components %}
        sum(cut.balance_amount * price.{{ component }}_rate) as {{ component }}_weight,
        {%- endfor %}
        sum(cut.balance_amount) as balance_amount
    from {{ balances_to_price(from_priced ~ ' and ' ~ in_history) }} as cut
    inner join {{ ref('int_account__price_month') }} as price
        on cut.account_fk = price.account_fk
        and cut.month_date = price.month_date
        and cut.is_overdrawn = price.is_overdrawn
    where price.base_rate is not null
    group by
        cut.month_date, cut.valid_from_date, cut.valid_to_date, price.method_set_code,
        price.currency_code, price.pillar_code, price.day_basis
)

select
    cast(day.date_pk as date) as date_day,
    cast(stretch.method_set_code as {{ t_string() }}) as method_set_code,
    cast(stretch.currency_code as {{ t_string() }}) as currency_code,
    cast(stretch.pillar_code as {{ t_string() }}) as pillar_code,
    cast(stretch.day_basis as int) as day_basis,
    cast(sum(stretch.balance_amount) as decimal(18, 2)) as balance_amount,
    {%- for component in components %}
    cast(sum(stretch.{{ component }}_weight) as decimal(38, 10)) as {{ component }}_weight,
    {%- endfor %}
    cast(stretch.month_date as date) as month_date
from stretch
inner join {{ ref('dim_date') }} as day
    on stretch.valid_from_date <= day.date_pk and stretch.valid_to_date > day.date_pk
group by
    stretch.month_date, day.date_pk, stretch.method_set_code, stretch.currency_code,
    stretch.pillar_code, stretch.day_basis
