-- One row per account, unit, currency and month: the interest that the ledger booked for it, + for income.
{%- set first_month = rebuilt_from('fct_account_month') %}
with latest as (
    {{ pick_latest(
        ref('stg_corebank__accrual'),
        event_date='month_end_date',
        key=['account_id', 'organisation_id'],
        columns=[
            'account_id', 'organisation_id', 'month_end_date', 'interest_income_amount',
            'interest_expense_amount',
        ],
        where=from_month_on('month_end_date', first_month) if first_month else none,
    ) }}
),

-- A month whose last day was mended is one month.
ranked as (
    select
        latest.*,
        {{ month_first('month_end_date') }} as month_date,
        rank() over (
            partition by account_id, organisation_id, {{ month_first('month_end_date') }}
            order by month_end_date desc
        ) as day_rank
    from latest
),

listed as (
    select distinct account_key
    from {{ ref('dim_account') }}
    where account_pk <> {{ var('unassigned_pk') }}
),

-- Its currency is that of its record at the end of the month.
placed as (
    select
        coalesce(listed.account_key, {{ var('unassigned_pk') }}) as account_key,
        latest.organisation_id,
        coalesce(latest.interest_income_amount, 0) as interest_income_amount,
        -coalesce(latest.interest_expense_amount, 0) as interest_expense_amount,
        coalesce(account.currency_code, '{{ var("own_currency_code") }}') as currency_code,
        latest.month_date
    from ranked as latest
    left join {{ ref('int_account__assign_key') }} as assigned
        on latest.account_id = assigned.account_id
    left join listed on assigned.account_key = listed.account_key
    left join {{ ref('bridge_account_version') }} as version
        on listed.account_key = version.account_key
        and {{ as_at('version', 'latest.month_end_date') }}
    left join {{ ref('dim_account') }} as account on version.account_fk = account.account_pk
    where
        latest.day_rank = 1
        and latest.month_end_date <= {{ month_last(date_literal(business_month())) }}
),

booked as (
    select
        account_key,
        organisation_id,
        currency_code,
        {{ total_of('interest_income_amount') }} as original_interest_income_amount,
        {{ total_of('interest_expense_amount') }} as original_interest_expense_amount,
        month_date
    from placed
    group by account_key, organisation_id, currency_code, month_date
)

-- An account that no list knows is nobody's, and its interest is still the unit's.
select
    cast(booked.account_key as bigint) as account_key,
    cast(booked.organisation_id as {{ t_string() }}) as organisation_id,
    cast(booked.currency_code as {{ t_string() }}) as currency_code,
    {%- for side in ['income', 'expense'] %}
    cast(booked.original_interest_{{ side }}_amount as decimal(18, 2)) as original_interest_{{ side }}_amount,
    cast({{ in_yuan(
        'booked.original_interest_' ~ side ~ '_amount', 'booked.currency_code', 'exchange.exchange_price'
    ) }} as decimal(18, 2)) as interest_{{ side }}_amount,
    {%- endfor %}
    cast(booked.month_date as date) as month_date
from booked
left join {{ ref('int_currency__find_rate') }} as exchange
    on {{ foreign_currency('booked.currency_code') }} = exchange.currency_code
    and booked.month_date = exchange.month_date
