-- One row per day and doubt about its duty roster: two leaders, none, a day off, or the wrong way of checking.
with duty as (
    select
        duty_date,
        month_date,
        min(leader_id) as leader_id,
        max(leader_id) as last_leader_id,
        count(*) as leader_count,
        min(mode_code) as mode_code,
        max(asked_mode_code) as asked_mode_code,
        min(case when is_working_day then 1 else 0 end) as is_worked,
        min(case when mode_code = asked_mode_code then 1 else 0 end) as is_kept
    from {{ ref('fct_duty') }}
    group by duty_date, month_date
),

rostered_month as (
    select distinct month_date
    from duty
),

doubt as (
    select
        duty_date,
        'two_leaders' as reason_code,
        leader_id,
        last_leader_id,
        leader_count,
        mode_code,
        asked_mode_code
    from duty
    where leader_count > 1
    union all
    select
        duty_date,
        'day_off' as reason_code,
        leader_id,
        last_leader_id,
        leader_count,
        mode_code,
        asked_mode_code
    from duty
    where is_worked = 0
    union all
    select
        duty_date,
        'wrong_mode' as reason_code,
        leader_id,
        last_leader_id,
        leader_count,
        mode_code,
        asked_mode_code
    from duty
    where is_kept = 0
    union all
    select
        day.date_pk as duty_date,
        'no_leader' as reason_code,
        null as leader_id,
        null as last_leader_id,
        0 as leader_count,
        null as mode_code,
        day.supervision_mode_code as asked_mode_code
    from {{ ref('dim_date') }} as day
    inner join rostered_month on day.month_date = rostered_month.month_date
    left join duty on day.date_pk = duty.duty_date
    where day.is_working_day and duty.duty_date is null and day.date_pk <= {{ business_date() }}
)

select
    cast(duty_date as date) as duty_date,
    cast(reason_code as {{ t_string() }}) as reason_code,
    cast(leader_count as int) as leader_count,
    cast(leader_id as {{ t_string() }}) as leader_id,
    cast(last_leader_id as {{ t_string() }}) as last_leader_id,
    cast(mode_code as {{ t_string() }}) as mode_code,
    cast(asked_mode_code as {{ t_string() }}) as asked_mode_code
from doubt
