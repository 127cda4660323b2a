-- One row per leader in charge, team and week whose ledger he is to check: whether he did, and what he found
-- beside what a drawn sample shows.
with register as (
    {{ pick_latest_small(
        ref('stg_fieldwork__ledger_check'),
        key=['leader_id', 'team_id', 'week_start_date'],
        columns=['leader_id', 'team_id', 'week_start_date', 'checked_date', 'sampled_count', 'wrong_count'],
    ) }}
),

first_listed as (
    select min(week_start_date) as first_week_date
    from register
),

week as (
    select
        day.week_start_date,
        {{ add_days('day.week_start_date', 6) }} as week_end_date,
        rule.sampled_count as asked_count
    from {{ ref('dim_date') }} as day
    inner join first_listed on day.week_start_date >= first_listed.first_week_date
    inner join {{ ref('ledger_check_rule') }} as rule on {{ as_at('rule', 'day.week_start_date') }}
    where {{ add_days('day.week_start_date', 6) }} <= {{ business_date() }}
    group by day.week_start_date, rule.sampled_count, rule.minimum_working_days
    having sum(case when day.is_working_day then 1 else 0 end) >= rule.minimum_working_days
),

team_week as (
    select distinct
        week.week_start_date,
        week.week_end_date,
        week.asked_count,
        bridge.team_id
    from week
    inner join {{ ref('bridge_team_member') }} as bridge on {{ as_at('bridge', 'week.week_end_date') }}
),

-- Where the register leaves a week out, who was in charge when it last named somebody is in charge still.
in_charge as (
    select
        team_week.team_id,
        team_week.week_start_date,
        max(register.week_start_date) as listed_week_date
    from team_week
    inner join register
        on team_week.team_id = register.team_id and team_week.week_start_date >= register.week_start_date
    group by team_week.team_id, team_week.week_start_date
),

sample as (
    select
        team_id,
        week_start_date,
        count(*) as drawn_count,
        sum(case when is_entered_late or is_step_missing or not is_standing then 1 else 0 end) as drawn_wrong_count
    from {{ ref('int_duty__draw_ledger_row') }}
    group by team_id, week_start_date
),

checked as (
    select
        named.leader_id,
        team_week.team_id,
        team_week.week_start_date,
        team_week.week_end_date,
        team_week.asked_count,
        register.checked_date,
        register.sampled_count,
        register.wrong_count
    from team_week
    inner join in_charge
        on team_week.team_id = in_charge.team_id and team_week.week_start_date = in_charge.week_start_date
    inner join register as named
        on in_charge.team_id = named.team_id and in_charge.listed_week_date = named.week_start_date
    left join register
        on named.leader_id = register.leader_id
        and team_week.team_id = register.team_id
        and team_week.week_start_date = register.week_start_date
),

employee as (
    {{ carried_versions(ref('dim_employee'), 'employee', 'employee_id') }}
),

team as (
    {{ carried_versions(ref('dim_team'), 'team', 'team_id') }}
)

select
    cast(coalesce(leader.employee_pk, {{ var('unassigned_pk') }}) as bigint) as leader_fk,
    cast(checked.leader_id as {{ t_string() }}) as leader_id,
    cast(coalesce(team.team_pk, {{ var('unassigned_pk') }}) as bigint) as team_fk,
    cast(checked.team_id as {{ t_string() }}) as team_id,
    cast(checked.week_start_date as date) as week_start_date,
    cast(checked.week_end_date as date) as week_end_date,
    cast(checked.checked_date as date) as checked_date,
    cast(checked.checked_date is not null as boolean) as is_checked,
    cast(checked.asked_count as int) as asked_row_count,
    cast(coalesce(checked.sampled_count, 0) as int) as sampled_row_count,
    cast(coalesce(checked.wrong_count, 0) as int) as wrong_row_count,
    cast({{ share_of('checked.wrong_count', 'checked.sampled_count') }} as decimal(12, 8)) as error_rate,
    cast(coalesce(sample.drawn_count, 0) as int) as drawn_row_count,
    cast(coalesce(sample.drawn_wrong_count, 0) as int) as drawn_wrong_count,
    cast(1 as int) as check_count,
    cast({{ month_first('checked.week_end_date') }} as date) as month_date
from checked
left join sample
    on checked.team_id = sample.team_id and checked.week_start_date = sample.week_start_date
left join employee as leader
    on checked.leader_id = leader.employee_id and {{ as_at('leader', 'checked.week_start_date') }}
left join team on checked.team_id = team.team_id and {{ as_at('team', 'checked.week_start_date') }}
