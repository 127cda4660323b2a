-- One row per day on the duty roster: who is in charge of it, and how many calls the month's sample asks of it.
with roster as (
    {{ pick_latest_small(
        ref('stg_fieldwork__duty_roster'),
        key=['duty_date', 'leader_id'],
        columns=['duty_date', 'leader_id', 'mode_code', 'calls_due_count'],
    ) }}
),

-- Should two leaders stand for a day, the first by number is in charge of its calls.
duty_day as (
    select
        duty_date,
        {{ month_first('duty_date') }} as month_date,
        min(leader_id) as leader_id,
        count(*) as leader_count
    from roster
    group by duty_date
),

reached as (
    select
        called_date,
        sum(case when result_code <> 'not_reached' then 1 else 0 end) as reached_count
    from {{ ref('fct_callback') }}
    group by called_date
),

-- Of a day gone by, what was left to do that morning; of a day to come, its part of what is left now.
anchored as (
    select
        duty_day.duty_date,
        duty_day.month_date,
        case
            when duty_day.duty_date <= {{ business_date() }} then duty_day.duty_date
            else greatest(duty_day.month_date, {{ add_days(business_date(), 1) }})
        end as anchor_date,
        -- All calls from here on, at most this share of visits being false, would show one.
        cast(ceil(ln(1 - rule.confidence_rate) / ln(1 - rule.falsity_rate)) as int) as asked_count
    from duty_day
    inner join {{ ref('call_sample_rule') }} as rule on {{ as_at('rule', 'duty_day.duty_date') }}
),

done_before as (
    select
        anchored.duty_date,
        sum(reached.reached_count) as reached_count
    from anchored
    inner join reached
        on anchored.month_date <= reached.called_date and anchored.anchor_date > reached.called_date
    group by anchored.duty_date
),

days_left as (
    select
        anchored.duty_date,
        count(*) as day_count,
        sum(case when other.duty_date <= anchored.duty_date then 1 else 0 end) as day_number
    from anchored
    inner join duty_day as other
        on anchored.month_date = other.month_date and anchored.anchor_date <= other.duty_date
    group by anchored.duty_date
),

spread as (
    select
        anchored.duty_date,
        anchored.asked_count,
        greatest(anchored.asked_count - coalesce(done_before.reached_count, 0), 0) as open_count,
        days_left.day_count,
        days_left.day_number
    from anchored
    inner join days_left on anchored.duty_date = days_left.duty_date
    left join done_before on anchored.duty_date = done_before.duty_date
)

select
    cast(duty_day.duty_date as date) as duty_date,
    cast(duty_day.leader_id as {{ t_string() }}) as leader_id,
    cast(duty_day.leader_count as int) as leader_count,
    cast(coalesce(spread.asked_count, 0) as int) as month_sample_count,
    -- Rounded up along the days left, so that early days bear the odd call.
    cast(
        coalesce(
            {{ idiv('spread.open_count * spread.day_number + spread.day_count - 1', 'spread.day_count') }}
            - {{ idiv('spread.open_count * (spread.day_number - 1) + spread.day_count - 1', 'spread.day_count') }},
            0
        ) as int
    ) as sample_count,
    cast(duty_day.month_date as date) as month_date
from duty_day
left join spread on duty_day.duty_date = spread.duty_date
