-- One row per customer and month: visits and complaints of 90 days, and the postings that a window
-- of 30 or 90 days must leave out of its earliest month.
{%- set first_month = rebuilt_from('fct_customer_rolling_month') %}
{%- set amount = in_yuan('posting.amount', 'posting.currency_code', 'exchange.exchange_price') %}
{%- set measures_of = {
    'head_posting': [
        'head_30d_count', 'head_90d_count', 'head_outflow_90d_amount',
        'head_rival_outflow_90d_amount',
    ],
    'visited': ['visit_90d_count'],
    'complained': ['complaint_90d_count'],
} %}
with window_length as (
    select 30 as window_days
    union all
    select 90 as window_days
),

window_start as (
    select
        month.month_date,
        {{ month_reached('month.month_date') }} as observation_date,
        window_length.window_days,
        {{ add_days(month_reached('month.month_date'), '1 - window_length.window_days') }}
            as start_date
    from {{ month_list(first_month) }} as month
    cross join window_length
),

-- Days before the window in the month it starts in: their postings are in that month's sums.
head_day as (
    select
        window_start.month_date,
        window_start.window_days,
        calendar.date_pk as booked_date,
        calendar.month_date as part_month_date
    from window_start
    inner join {{ ref('dim_date') }} as calendar
        on calendar.month_date = {{ month_first('window_start.start_date') }}
        and window_start.start_date > calendar.date_pk
),

head_posting as (
    select
        account_month.customer_key,
        head_day.month_date,
        sum(case when head_day.window_days = 30 and posting.is_customer_initiated then 1 else 0 end)
            as head_30d_count,
        sum(case when head_day.window_days = 90 and posting.is_customer_initiated then 1 else 0 end)
            as head_90d_count,
        {{ total_of(
            'case when head_day.window_days = 90 and posting.signed_amount < 0'
            ~ ' then ' ~ amount ~ ' else 0 end'
        ) }} as head_outflow_90d_amount,
        {{ total_of(
            'case when head_day.window_days = 90 and posting.signed_amount < 0'
            ~ ' and posting.counterparty_bank_name is not null then ' ~ amount ~ ' else 0 end'
        ) }} as head_rival_outflow_90d_amount
    from {{ ref('fct_transaction') }} as posting
    inner join head_day on posting.booked_date = head_day.booked_date
    left join {{ ref('int_currency__find_rate') }} as exchange
        on {{ foreign_currency('posting.currency_code') }} = exchange.currency_code
        and posting.month_date = exchange.month_date
    inner join {{ ref('dim_account') }} as account on posting.account_fk = account.account_pk
    -- The customer whom that month's sums were given to.
    inner join {{ ref('fct_account_month') }} as account_month
        on account.account_key = account_month.account_key
        and posting.month_date = account_month.month_date
    group by account_month.customer_key, head_day.month_date
),

-- As it was known on the day: entered by then, and not yet denied.
visited as (
    select
        customer.customer_key,
        window_start.month_date,
        count(distinct visit.visited_date) as visit_90d_count
    from {{ ref('fct_visit') }} as visit
    inner join {{ ref('dim_customer') }} as customer on visit.customer_fk = customer.customer_pk
    inner join window_start
        on visit.visited_date >= window_start.start_date
        and visit.visited_date <= window_start.observation_date
        and window_start.window_days = 90
        and {{ visit_known_on('visit', 'window_start.observation_date') }}
    group by customer.customer_key, window_start.month_date
),

complained as (
    select
        complaint.customer_key,
        window_start.month_date,
        count(*) as complaint_90d_count
    from {{ ref('fct_complaint') }} as complaint
    inner join window_start
        on complaint.received_date >= window_start.start_date
        and complaint.received_date <= window_start.observation_date
        and complaint.delivered_date <= window_start.observation_date
        and window_start.window_days = 90
    group by complaint.customer_key, window_start.month_date
),

event as (
    {{ stacked_measures(measures_of, key=['customer_key', 'month_date']) }}
)

select
    customer_key,
    month_date,
    {{ summed_measures(measures_of.values() | sum(start=[])) }}
from event
group by customer_key, month_date
