-- One row per team and stretch of days on which it has another number of members or managers than the
-- rule team_rule asks.
with edge as (
    select
        team_id,
        valid_from_date as edge_date
    from {{ ref('bridge_team_member') }}
    where valid_from_date <= {{ business_date() }}
    union
    select
        team_id,
        valid_to_date as edge_date
    from {{ ref('bridge_team_member') }}
    where valid_to_date <= {{ business_date() }}
),

stretch as (
    select
        team_id,
        edge_date as valid_from_date,
        coalesce(
            lead(edge_date) over (partition by team_id order by edge_date), {{ open_valid_date() }}
        ) as valid_to_date
    from edge
),

counted as (
    select
        stretch.team_id,
        stretch.valid_from_date,
        stretch.valid_to_date,
        count(member.employee_id) as member_count,
        sum(case when member.role_code = 'manager' then 1 else 0 end) as manager_count
    from stretch
    left join {{ ref('bridge_team_member') }} as member
        on stretch.team_id = member.team_id and {{ as_at('member', 'stretch.valid_from_date') }}
    group by stretch.team_id, stretch.valid_from_date, stretch.valid_to_date
),

team as (
    {{ carried_versions(ref('dim_team'), 'team', 'team_id', ['team_name']) }}
)

select
    cast(coalesce(team.team_pk, {{ var('unassigned_pk') }}) as bigint) as team_fk,
    cast(counted.team_id as {{ t_string() }}) as team_id,
    cast(team.team_name as {{ t_string() }}) as team_name,
    cast(counted.member_count as bigint) as member_count,
    cast(counted.manager_count as bigint) as manager_count,
    cast(rule.member_count as bigint) as wanted_member_count,
    cast(rule.manager_count as bigint) as wanted_manager_count,
    cast(counted.valid_from_date as date) as valid_from_date,
    cast(counted.valid_to_date as date) as valid_to_date
from counted
inner join {{ ref('team_rule') }} as rule
    on rule.rule_code = 'survey_team' and {{ as_at('rule', 'counted.valid_from_date') }}
left join team on counted.team_id = team.team_id and {{ as_at('team', 'counted.valid_from_date') }}
where counted.member_count <> rule.member_count or counted.manager_count <> rule.manager_count
