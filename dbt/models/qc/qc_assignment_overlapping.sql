-- One row per pair of teams that one employee belongs to, or one district is given to, on the same days.
with assignment as (
    select
        'employee_in_two_teams' as reason_code,
        employee_id as subject_id,
        team_id,
        valid_from_date,
        valid_to_date
    from {{ ref('bridge_team_member') }}
    union all
    select
        'district_of_two_teams' as reason_code,
        district.district_id as subject_id,
        team.team_id,
        team.valid_from_date,
        team.valid_to_date
    from {{ ref('dim_team') }} as team
    inner join {{ ref('dim_district') }} as district on team.district_fk = district.district_pk
    where district.district_pk <> {{ var('unassigned_pk') }}
)

select
    cast(one.reason_code as {{ t_string() }}) as reason_code,
    cast(one.subject_id as {{ t_string() }}) as subject_id,
    cast(one.team_id as {{ t_string() }}) as team_id,
    cast(other.team_id as {{ t_string() }}) as other_team_id,
    cast({{ cut_from('one', 'other') }} as date) as valid_from_date,
    cast({{ cut_to('one', 'other') }} as date) as valid_to_date
from assignment as one
inner join assignment as other
    on one.reason_code = other.reason_code
    and one.subject_id = other.subject_id
    and one.team_id < other.team_id
    and {{ overlaps('one', 'other') }}
