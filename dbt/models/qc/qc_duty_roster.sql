-- One row per day and doubt about its duty roster: two leaders, none, one whom nobody knows any more, a day off, or
-- the wrong way of checking.
with duty as (
    select
        duty_date,
        month_date,
        min(case when is_in_charge then leader_id end) as leader_id,
        max(leader_id) as last_leader_id,
        count(*) as leader_count,
        -- The way that is asked of the day is asked of who is in charge of it.
        min(case when is_in_charge then mode_code end) as mode_code,
        max(asked_mode_code) as asked_mode_code,
        min(case when is_working_day then 1 else 0 end) as is_worked
    from {{ ref('fct_duty') }}
    group by duty_date, month_date
),

-- What the newest list that names somebody says of him.
employee_version as (
    select
        employee_id,
        left_date,
        valid_to_date,
        row_number() over (partition by employee_id order by valid_from_date desc) as nth_last
    from {{ ref('dim_employee') }}
    where employee_pk <> {{ var('unassigned_pk') }}
),

unknown_leader as (
    select
        duty.duty_date,
        min(duty.leader_id) as leader_id,
        max(duty.leader_id) as last_leader_id
    from {{ ref('fct_duty') }} as duty
    left join employee_version as person on duty.leader_id = person.employee_id and person.nth_last = 1
    where
        person.employee_id is null
        or person.left_date < duty.duty_date
        or person.valid_to_date <= duty.duty_date
    group by duty.duty_date
),

rostered_month as (
    select distinct month_date
    from duty
),

doubt as (
    {%- for reason, condition in {
        'two_leaders': 'leader_count > 1',
        'day_off': 'is_worked = 0',
        'wrong_mode': 'mode_code <> asked_mode_code',
    }.items() %}
    select
        duty_date,
        '{{ reason }}' as reason_code,
        leader_id,
        last_leader_id,
        leader_count,
        mode_code,
        asked_mode_code
    from duty
    where {{ condition }}
    union all
    {%- endfor %}
    select
        unknown_leader.duty_date,
        'unknown_leader' as reason_code,
        unknown_leader.leader_id,
        unknown_leader.last_leader_id,
        duty.leader_count,
        duty.mode_code,
        duty.asked_mode_code
    from unknown_leader
    inner join duty on unknown_leader.duty_date = duty.duty_date
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
