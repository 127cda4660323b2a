-- One row per team member and working day since field work began: what he did, also where he did nothing.
with visit as (
    select
        employee.employee_id,
        attempt.visited_date,
        count(*) as visit_count,
        sum(case when attempt.is_valid then 1 else 0 end) as valid_visit_count
    from {{ ref('fct_visit') }} as attempt
    inner join {{ ref('dim_employee') }} as employee on attempt.employee_fk = employee.employee_pk
    where attempt.employee_fk <> {{ var('unassigned_pk') }}
    group by employee.employee_id, attempt.visited_date
),

survey as (
    select
        employee.employee_id,
        form.returned_date,
        count(*) as survey_count
    from {{ ref('fct_survey_form') }} as form
    inner join {{ ref('dim_employee') }} as employee on form.employee_fk = employee.employee_pk
    where form.employee_fk <> {{ var('unassigned_pk') }} and form.returned_date is not null
    group by employee.employee_id, form.returned_date
),

history as (
    select {{ month_first('min(visited_date)') }} as first_date
    from visit
),

-- Who is in two teams stands with the first by number, as his visits do.
member_day as (
    select
        bridge.employee_id,
        min(bridge.team_id) as team_id,
        day.date_pk as activity_date
    from {{ ref('dim_date') }} as day
    inner join history on day.date_pk >= history.first_date
    inner join {{ ref('bridge_team_member') }} as bridge on {{ as_at('bridge', 'day.date_pk') }}
    where day.is_working_day and day.date_pk <= {{ business_date() }}
    group by bridge.employee_id, day.date_pk
),

employee as (
    {{ carried_versions(ref('dim_employee'), 'employee', 'employee_id') }}
),

team as (
    {{ carried_versions(ref('dim_team'), 'team', 'team_id') }}
)

select
    cast(coalesce(employee.employee_pk, {{ var('unassigned_pk') }}) as bigint) as employee_fk,
    cast(member_day.employee_id as {{ t_string() }}) as employee_id,
    cast(coalesce(team.team_pk, {{ var('unassigned_pk') }}) as bigint) as team_fk,
    cast(member_day.activity_date as date) as activity_date,
    cast(coalesce(visit.visit_count, 0) as int) as visit_count,
    cast(coalesce(visit.valid_visit_count, 0) as int) as valid_visit_count,
    cast(coalesce(survey.survey_count, 0) as int) as survey_count,
    cast(coalesce(visit.visit_count, 0) + coalesce(survey.survey_count, 0) = 0 as boolean) as is_idle,
    cast({{ month_first('member_day.activity_date') }} as date) as month_date
from member_day
left join visit
    on member_day.employee_id = visit.employee_id and member_day.activity_date = visit.visited_date
left join survey
    on member_day.employee_id = survey.employee_id and member_day.activity_date = survey.returned_date
left join employee
    on member_day.employee_id = employee.employee_id and {{ as_at('employee', 'member_day.activity_date') }}
left join team on member_day.team_id = team.team_id and {{ as_at('team', 'member_day.activity_date') }}
