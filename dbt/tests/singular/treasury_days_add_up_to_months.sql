{{ config(meta={
    'owner': 'finance',
    'message': 'Interest and transfer prices by day are not those of the month, or a day does not balance. 每日利息与转移收支和月度不一致，或当日不平。',
}) }}
-- One row per month, set of methods, currency, pillar and component whose days do not add up to what
-- accounts and treasury were given for the month, whose customers and treasury do not cancel, or whose
-- days differ from accounts by more than half a fen for each account that was rounded.
with part as (
    select
        method_set_code,
        currency_code,
        pillar_code,
        component_code,
        month_date,
        customer_amount as day_amount,
        treasury_amount as treasury_day_amount,
        rounding_amount,
        0 as account_amount,
        0 as treasury_month_amount,
        0 as rounded_count
    from {{ ref('fct_treasury_day') }}
    where {{ touched('month_date', 'month', always=True) }}
    {%- for component in ['interest', 'base', 'liquidity', 'reserve', 'policy'] %}
    union all
    select
        method_set_code,
        currency_code,
        pillar_code,
        '{{ component }}' as component_code,
        month_date,
        0 as day_amount,
        0 as treasury_day_amount,
        0 as rounding_amount,
        {{ 'ftp_' if component != 'interest' }}{{ component }}_amount as account_amount,
        0 as treasury_month_amount,
        1 as rounded_count
    from {{ ref('int_account__price_month') }}
    where base_rate is not null and {{ touched('month_date', 'month', always=True) }}
    {%- endfor %}
    union all
    select
        method_set_code,
        currency_code,
        pillar_code,
        component_code,
        month_date,
        0 as day_amount,
        0 as treasury_day_amount,
        0 as rounding_amount,
        0 as account_amount,
        treasury_amount as treasury_month_amount,
        0 as rounded_count
    from {{ ref('fct_treasury_month') }}
    where {{ touched('month_date', 'month', always=True) }}
),

history as (
    select min(month_date) as first_month_date from {{ ref('fct_account_month') }}
)

select
    part.method_set_code,
    part.currency_code,
    part.pillar_code,
    part.component_code,
    part.month_date,
    sum(part.day_amount) as day_amount,
    sum(part.account_amount) as account_amount,
    sum(part.treasury_day_amount) as treasury_day_amount,
    sum(part.treasury_month_amount) as treasury_month_amount,
    sum(part.rounding_amount) as rounding_amount,
    sum(part.rounded_count) as rounded_count
from part
inner join history on part.month_date >= history.first_month_date
where part.month_date <= {{ date_literal(business_month()) }}
group by part.method_set_code, part.currency_code, part.pillar_code, part.component_code, part.month_date
having
    sum(part.day_amount) <> sum(part.account_amount)
    or sum(part.treasury_day_amount) <> sum(part.treasury_month_amount)
    or abs(sum(part.rounding_amount)) * 200 > sum(part.rounded_count) + 1
