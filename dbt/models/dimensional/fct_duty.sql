-- One row per day and leader on duty: calls due by the roster, and what came of them.
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
        count(*) as call_count,
        sum(case when callback.result_code <> 'not_reached' then 1 else 0 end) as reached_count,
        sum(case when callback.result_code = 'denied' then 1 else 0 end) as denied_count
    from {{ ref('fct_callback') }} as callback
    inner join {{ ref('dim_employee') }} as leader on callback.leader_fk = leader.employee_pk
    group by leader.employee_id, callback.called_date
)

select
    cast(coalesce(leader.employee_pk, {{ var('unassigned_pk') }}) as bigint) as leader_fk,
    cast(roster.leader_id as {{ t_string() }}) as leader_id,
    cast(roster.duty_date as date) as duty_date,
    cast(roster.mode_code as {{ t_string() }}) as mode_code,
    cast(roster.calls_due_count as int) as calls_due_count,
    cast(coalesce(made.call_count, 0) as int) as calls_made_count,
    cast(coalesce(made.reached_count, 0) as int) as calls_reached_count,
    cast(coalesce(made.denied_count, 0) as int) as calls_denied_count
from roster
left join employee as leader
    on roster.leader_id = leader.employee_id and {{ as_at('leader', 'roster.duty_date') }}
left join made on roster.leader_id = made.leader_id and roster.duty_date = made.called_date
