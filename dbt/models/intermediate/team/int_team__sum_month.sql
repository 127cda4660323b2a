-- One row per team and month since field work began: what it maintained, and what it opened.
with owed as (
    select
        team.team_id,
        requirement.month_date,
        sum(requirement.required_count) as required_count,
        sum(requirement.counted_count) as counted_count,
        count(distinct case when requirement.counted_count > 0 then requirement.customer_key end)
            as maintained_count
    from {{ ref('fct_visit_requirement') }} as requirement
    inner join {{ ref('dim_team') }} as team on requirement.team_fk = team.team_pk
    where requirement.is_period_over and requirement.team_fk <> {{ var('unassigned_pk') }}
    group by team.team_id, requirement.month_date
),

opened as (
    select
        team_id,
        month_date,
        count(*) as opened_count,
        sum(opening_count) as opening_count
    from {{ ref('fct_opening') }}
    where team_id is not null
    group by team_id, month_date
),

month as (
    select distinct month_date
    from {{ ref('fct_visit_requirement') }}
    -- A week that ends next month is owed there; of that month there is nothing to tell before it begins.
    where month_date <= {{ business_date() }}
),

-- A team stands in a month at the end of which it has members.
member as (
    select
        bridge.team_id,
        month.month_date,
        count(distinct bridge.employee_id) as member_count
    from month
    inner join {{ ref('bridge_team_member') }} as bridge
        on {{ as_at('bridge', month_reached('month.month_date')) }}
    group by bridge.team_id, month.month_date
)

select
    member.team_id,
    member.month_date,
    member.member_count,
    coalesce(owed.required_count, 0) as required_count,
    coalesce(owed.counted_count, 0) as counted_count,
    coalesce(owed.maintained_count, 0) as maintained_count,
    coalesce(owed.required_count - owed.counted_count, 0) as overdue_count,
    case rule.volume_code
        when 'maintained_customers' then coalesce(owed.maintained_count, 0)
        else coalesce(owed.counted_count, 0)
    end as volume_count,
    coalesce(opened.opened_count, 0) as opened_count,
    coalesce(opened.opening_count, 0) as opening_count
from member
inner join {{ ref('team_month_rule') }} as rule
    on rule.measure_code = 'maintenance' and {{ as_at('rule', 'member.month_date') }}
left join owed on member.team_id = owed.team_id and member.month_date = owed.month_date
left join opened on member.team_id = opened.team_id and member.month_date = opened.month_date
