-- One row per team, member and stretch of days of the membership.
{% set columns = {
    'team_id': 'string',
    'employee_id': 'string',
    'team_fk': 'bigint',
    'employee_fk': 'bigint',
    'role_code': 'string',
    'valid_from_date': 'date',
    'valid_to_date': 'date',
    'is_current': 'boolean',
} %}
with version as (
    select *
    from {{ scd2(
        ref('stg_corebank__team_member'),
        key=['team_id', 'employee_id'],
        attributes=['role_code', 'joined_date', 'left_date'],
        kind='snapshot',
    ) }} as tracked
),

-- The list says itself from when to when somebody is a member; the deliveries say since when the
-- bank knew. A first version reaches back to the day of joining; none reaches beyond the day of
-- leaving, which the list tells afterwards.
told as (
    select
        version.*,
        row_number() over (
            partition by team_id, employee_id order by valid_from_date nulls last
        ) as nth_version,
        last_value(left_date) over (
            partition by team_id, employee_id, joined_date
            order by valid_from_date nulls last
            rows between unbounded preceding and unbounded following
        ) as last_told_left_date
    from version
),

dated as (
    select
        team_id,
        employee_id,
        role_code,
        case
            when nth_version = 1 then joined_date
            else greatest(valid_from_date, joined_date)
        end as valid_from_date,
        least(
            valid_to_date, coalesce(last_told_left_date, {{ open_valid_date() }})
        ) as valid_to_date
    from told
),

team as (
    {{ carried_versions(ref('dim_team'), 'team', 'team_id') }}
),

employee as (
    {{ carried_versions(ref('dim_employee'), 'employee', 'employee_id') }}
),

member as (
    select
        dated.team_id,
        dated.employee_id,
        coalesce(team.team_pk, {{ var('unassigned_pk') }}) as team_fk,
        coalesce(employee.employee_pk, {{ var('unassigned_pk') }}) as employee_fk,
        dated.role_code,
        dated.valid_from_date,
        dated.valid_to_date,
        dated.valid_to_date > {{ business_date() }} as is_current
    from dated
    left join team
        on dated.team_id = team.team_id and {{ as_at('team', 'dated.valid_from_date') }}
    left join employee
        on dated.employee_id = employee.employee_id
        and {{ as_at('employee', 'dated.valid_from_date') }}
    where dated.valid_from_date < dated.valid_to_date
)

select
    {{ typed_columns(columns) }}
from member
