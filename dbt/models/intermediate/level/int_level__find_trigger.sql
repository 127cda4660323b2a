-- One row per customer with a level, kind of trigger, day and month: deposits that moved, or a product
-- opened or closed.
{%- set first_month = rebuilt_from(
    'fct_level_trigger', unfinished="status_code = 'open' or days_count < day(" ~ month_last('month_date') ~ ')'
) %}
with graded as (
    select
        customer_key,
        valid_from_date,
        valid_to_date
    from {{ ref('int_level__track_version') }}
),

rule as (
    select * from {{ ref('level_trigger_rule') }}
),

deposit as (
    select
        customer.customer_key,
        balance.month_date,
        balance.valid_from_date,
        balance.valid_to_date,
        balance.balance_amount
    from {{ ref('fct_account_balance_interval') }} as balance
    inner join {{ ref('dim_customer') }} as customer on balance.customer_fk = customer.customer_pk
    inner join {{ ref('dim_product') }} as product on balance.product_fk = product.product_pk
    inner join {{ ref('dim_account') }} as account on balance.account_fk = account.account_pk
    where
        product.pillar_code <> 'asset'
        and {{ is_own_currency('account.currency_code') }}
        and customer.level_code is not null
        {%- if first_month %}
        and balance.month_date >= {{ date_literal(month_before(first_month, 1)) }}
        {%- endif %}
),

-- What the month before closed with.
base as (
    select
        customer_key,
        valid_to_date as month_date,
        sum(balance_amount) as base_amount
    from deposit
    where valid_to_date = {{ add_months_to('month_date', 1) }}
    group by customer_key, valid_to_date
),

moved_day as (
    select
        customer_key,
        month_date,
        valid_from_date as moved_date,
        balance_amount as moved_amount
    from deposit
    union all
    select
        customer_key,
        month_date,
        valid_to_date as moved_date,
        -balance_amount as moved_amount
    from deposit
    where valid_to_date < {{ add_months_to('month_date', 1) }} and valid_to_date <= {{ business_date() }}
),

summed_day as (
    select
        customer_key,
        month_date,
        moved_date,
        sum(moved_amount) as moved_amount
    from moved_day
    group by customer_key, month_date, moved_date
),

stood as (
    select
        customer_key,
        month_date,
        moved_date,
        sum(moved_amount) over (
            partition by customer_key, month_date order by moved_date
            rows between unbounded preceding and current row
        ) as balance_amount
    from summed_day
),

-- The first day of a month on which the deposits are that far above or below what the month before closed with.
-- The first month of the history has nothing to compare with.
moved as (
    select
        stood.customer_key,
        rule.trigger_code,
        stood.month_date,
        min(stood.moved_date) as trigger_date
    from stood
    inner join base on stood.customer_key = base.customer_key and stood.month_date = base.month_date
    inner join rule
        on rule.trigger_code
        = case when stood.balance_amount > base.base_amount then 'balance_rise' else 'balance_fall' end
        and {{ as_at('rule', 'stood.moved_date') }}
        and abs(stood.balance_amount - base.base_amount) >= rule.minimum_amount
        and abs(stood.balance_amount - base.base_amount) >= rule.minimum_change_rate * abs(base.base_amount)
    group by stood.customer_key, rule.trigger_code, stood.month_date
),

account as (
    select
        account_key,
        customer_key,
        min(opened_date) as opened_date,
        max(closed_date) as closed_date
    from {{ ref('dim_account') }}
    where account_pk <> {{ var('unassigned_pk') }}
    group by account_key, customer_key
),

history as (
    select min(month_date) as first_month_date from {{ ref('fct_account_month') }}
),

happened as (
    select
        customer_key,
        trigger_code,
        month_date,
        trigger_date
    from moved
    {%- for kind in ['opened', 'closed'] %}
    union all
    select distinct
        customer_key,
        'product_{{ kind }}' as trigger_code,
        {{ month_first(kind ~ '_date') }} as month_date,
        {{ kind }}_date as trigger_date
    from account
    where {{ kind }}_date <= {{ business_date() }}
    {%- endfor %}
)

select
    happened.customer_key,
    happened.trigger_code,
    happened.trigger_date,
    happened.month_date
from happened
inner join graded
    on happened.customer_key = graded.customer_key and {{ as_at('graded', 'happened.trigger_date') }}
inner join history on happened.month_date >= history.first_month_date
where {{ in_rebuilt('happened.month_date', first_month) }}
