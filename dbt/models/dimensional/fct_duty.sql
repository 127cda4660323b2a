-- One row per day and leader on duty: calls and visits on site due by the roster, and what came of them.
with roster as (
    {{ pick_latest_small(
        ref('stg_fieldwork__duty_roster'),
        key=['duty_date', 'leader_id'],
        columns=['duty_date', 'leader_id', 'mode_code', 'calls_due_count'],
    ) }}
),

employee as (
    {{ carried_versions(ref('dim_employee'), 'employee', 'employee_id') }}
),

made as (
    select
        leader.employee_id as leader_id,
        callback.called_date,
        sum(case when callback.mode_code = 'phone' then 1 else 0 end) as call_count,
        sum(case when callback.mode_code = 'on_site' then 1 else 0 end) as on_site_count,
        sum(case when callback.mode_code = day.supervision_mode_code then 1 else 0 end) as asked_way_count,
        sum(case when callback.mode_code <> day.supervision_mode_code then 1 else 0 end) as other_way_count,
        sum(case when callback.result_code <> 'not_reached' then 1 else 0 end) as reached_count,
        sum(case when callback.result_code = 'confirmed' then 1 else 0 end) as confirmed_count,
        sum(case when callback.result_code = 'denied' then 1 else 0 end) as denied_count
    from {{ ref('fct_callback') }} as callback
    inner join {{ ref('dim_employee') }} as leader on callback.leader_fk = leader.employee_pk
    inner join {{ ref('dim_date') }} as day on callback.called_date = day.date_pk
    group by leader.employee_id, callback.called_date
),

duty as (
    select
        roster.duty_date,
        roster.leader_id,
        roster.mode_code,
        day.is_working_day,
        day.week_start_date,
        day.month_date,
        day.supervision_mode_code as asked_mode_code,
        sized.leader_id = roster.leader_id as is_in_charge,
        -- The day's calls are owed once, by who is in charge of it.
        case when sized.leader_id = roster.leader_id then roster.calls_due_count else 0 end as due_count,
        case when sized.leader_id = roster.leader_id then sized.sample_count else 0 end as sample_count,
        coalesce(made.call_count, 0) as call_count,
        coalesce(made.on_site_count, 0) as on_site_count,
        coalesce(made.reached_count, 0) as reached_count,
        coalesce(made.confirmed_count, 0) as confirmed_count,
        coalesce(made.denied_count, 0) as denied_count,
        coalesce(made.other_way_count, 0) as other_way_count,
        sum(coalesce(made.asked_way_count, 0)) over (partition by roster.duty_date) as day_count
    from roster
    inner join {{ ref('int_duty__size_call_list') }} as sized on roster.duty_date = sized.duty_date
    inner join {{ ref('dim_date') }} as day on roster.duty_date = day.date_pk
    left join made on roster.leader_id = made.leader_id and roster.duty_date = made.called_date
)

select
    cast(coalesce(leader.employee_pk, {{ var('unassigned_pk') }}) as bigint) as leader_fk,
    cast(duty.leader_id as {{ t_string() }}) as leader_id,
    cast(duty.duty_date as date) as duty_date,
    cast(duty.week_start_date as date) as week_start_date,
    cast(duty.is_working_day as boolean) as is_working_day,
    cast(duty.duty_date <= {{ business_date() }} as boolean) as is_day_over,
    cast(duty.is_in_charge as boolean) as is_in_charge,
    cast(duty.mode_code as {{ t_string() }}) as mode_code,
    cast(duty.asked_mode_code as {{ t_string() }}) as asked_mode_code,
    cast(duty.mode_code = duty.asked_mode_code and duty.other_way_count = 0 as boolean) as is_mode_kept,
    cast(case when duty.mode_code = 'phone' then duty.due_count else 0 end as int) as calls_due_count,
    cast(duty.call_count as int) as calls_made_count,
    cast(case when duty.mode_code = 'on_site' then duty.due_count else 0 end as int) as on_site_due_count,
    cast(duty.on_site_count as int) as on_site_done_count,
    cast(duty.reached_count as int) as reached_count,
    cast(duty.confirmed_count as int) as confirmed_count,
    cast(duty.denied_count as int) as denied_count,
    cast(duty.sample_count as int) as sample_count,
    -- Somebody on the day's roster asked at least one customer, in the way of the week.
    cast(duty.day_count > 0 as boolean) as is_fulfilled,
    cast(1 as int) as duty_count,
    cast(duty.month_date as date) as month_date
from duty
left join employee as leader
    on duty.leader_id = leader.employee_id and {{ as_at('leader', 'duty.duty_date') }}
