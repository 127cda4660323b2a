-- One row per unit, channel, hour of the day and month: postings, and the minutes and cost of the
-- month's activities, spread over the hours by their postings so that they sum to them.
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
        cast(sum(posting_count) over (
            partition by {{ key }}
            order by hour_number
            rows between unbounded preceding and current row
        ) as bigint) as to_count,
        cast(sum(posting_count) over (partition by {{ key }}) as bigint) as whole_count
    from posted
),

activity as (
    select
        {{ key }},
        cast(sum(minutes_count) * 10000 as bigint) as minute_units,
        {{ cents(total_of('cost_amount')) }} as cost_cents
    from {{ ref('fct_activity_cost_month') }}
    where {{ in_rebuilt('month_date', first_month) }}
    group by {{ key }}
),

-- What stands rounded at the hour's end less what stood at its start.
spread as (
    select
        stacked.organisation_fk,
        stacked.channel_fk,
        stacked.month_date,
        stacked.hour_number,
        stacked.posting_count,
        {%- for name in ['minute_units', 'cost_cents'] %}
        {{ mul_div_round('activity.' ~ name, 'stacked.to_count', 'stacked.whole_count') }}
        - {{ mul_div_round('activity.' ~ name, '(stacked.to_count - stacked.posting_count)', 'stacked.whole_count') }}
            as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from stacked
    left join activity
        on stacked.organisation_fk = activity.organisation_fk
        and stacked.channel_fk = activity.channel_fk
        and stacked.transaction_type_fk = activity.transaction_type_fk
        and stacked.month_date = activity.month_date
),

summed as (
    select
        organisation_fk,
        channel_fk,
        hour_number,
        sum(posting_count) as posting_count,
        cast(sum(coalesce(minute_units, 0)) as bigint) as minute_units,
        cast(sum(coalesce(cost_cents, 0)) as bigint) as cost_cents,
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
