-- One row per account, unit and month: the interest that the ledger booked for it, + for income.
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
)

-- An account that no list knows is nobody's, and its interest is still the unit's.
select
    cast(coalesce(listed.account_key, {{ var('unassigned_pk') }}) as bigint) as account_key,
    cast(latest.organisation_id as {{ t_string() }}) as organisation_id,
    cast({{ total_of('coalesce(latest.interest_income_amount, 0)') }} as decimal(18, 2))
        as interest_income_amount,
    cast(-{{ total_of('coalesce(latest.interest_expense_amount, 0)') }} as decimal(18, 2))
        as interest_expense_amount,
    cast(latest.month_date as date) as month_date
from ranked as latest
left join {{ ref('int_account__assign_key') }} as assigned
    on latest.account_id = assigned.account_id
left join listed on assigned.account_key = listed.account_key
where
    latest.day_rank = 1
    and latest.month_end_date <= {{ month_last(date_literal(business_month())) }}
group by
    coalesce(listed.account_key, {{ var('unassigned_pk') }}), latest.organisation_id,
    latest.month_date
