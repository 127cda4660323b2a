-- One row per unit, channel, hour of the day and month: postings, and the minutes and cost of the
-- month's activities, spread over the hours by their postings so that they sum to them. Visits have no hour.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('mart_cost__hour_month') %}
{%- set key = 'organisation_fk, channel_fk, transaction_type_fk, month_date' %}
with posted as (
    select
        {{ key }},
        coalesce(transaction_hour, -1) as hour_number,
        count(*) as posting_count
    from {{ ref('fct_transaction') }}
    where booked_date <= {{ business_date() }} and {{ in_rebuilt('month_date', first_month) }}
    group by {{ key }}, coalesce(transaction_hour, -1)
),

stacked as (
    select
        posted.*,
        sum(posting_count) over (
            partition by {{ key }}
            order by hour_number
            rows between unbounded preceding and current row
        ) as to_count,
        sum(posting_count) over (partition by {{ key }}) as whole_count
    from posted
),

activity as (
    select
        {{ key }},
        cast(sum(minutes_count) * 10000 as bigint) as minute_units,
        {{ total_of('cost_amount') }} as cost_amount,
        sum(posting_count) as posting_count
    from {{ ref('fct_activity_cost_month') }}
    where {{ in_rebuilt('month_date', first_month) }}
    group by {{ key }}
),

timed as (
    select
        activity.organisation_fk,
        activity.channel_fk,
        activity.month_date,
        activity.minute_units,
        {{ cents('activity.cost_amount') }} as cost_cents,
        coalesce(stacked.hour_number, -1) as hour_number,
        coalesce(stacked.posting_count, activity.posting_count) as posting_count,
        cast(coalesce(stacked.to_count - stacked.posting_count, 0) as bigint) as from_count,
        cast(coalesce(stacked.to_count, 1) as bigint) as to_count,
        cast(coalesce(stacked.whole_count, 1) as bigint) as whole_count
    from activity
    left join stacked
        on activity.organisation_fk = stacked.organisation_fk
        and activity.channel_fk = stacked.channel_fk
        and activity.transaction_type_fk = stacked.transaction_type_fk
        and activity.month_date = stacked.month_date
),

-- What stands rounded at the hour's end less what stood at its start.
spread as (
    select
        organisation_fk,
        channel_fk,
        month_date,
        hour_number,
        posting_count,
        {{ mul_div_round('minute_units', 'to_count', 'whole_count') }}
        - {{ mul_div_round('minute_units', 'from_count', 'whole_count') }} as minute_units,
        {{ mul_div_round('cost_cents', 'to_count', 'whole_count') }}
        - {{ mul_div_round('cost_cents', 'from_count', 'whole_count') }} as cost_cents
    from timed
),

summed as (
    select
        organisation_fk,
        channel_fk,
        hour_number,
        sum(posting_count) as posting_count,
        cast(sum(minute_units) as bigint) as minute_units,
        cast(sum(cost_cents) as bigint) as cost_cents,
        month_date
    from spread
    group by organisation_fk, channel_fk, hour_number, month_date
)

select
    cast(summed.organisation_fk as bigint) as organisation_fk,
    cast(channel.channel_code as {{ t_string() }}) as channel_code,
    cast(summed.hour_number as int) as hour_number,
    cast({{ month_days('summed.month_date') }} as int) as days_count,
    cast(summed.posting_count as bigint) as posting_count,
    cast({{ from_units('summed.minute_units', 4) }} as decimal(18, 4)) as minutes_count,
    cast({{ from_units('summed.cost_cents', 2) }} as decimal(18, 2)) as cost_amount,
    cast(summed.month_date as date) as month_date
from summed
inner join {{ ref('dim_channel') }} as channel on summed.channel_fk = channel.channel_pk
