-- One row per report, subject and period that is over and was worked in: what is to be handed in.
with period as (
    select
        'week' as period_type,
        week_start_date as period_start_date,
        {{ add_days('week_start_date', 6) }} as period_end_date,
        sum(case when is_working_day then 1 else 0 end) as working_days_count,
        max(working_day_number) as working_day_number
    from {{ ref('dim_date') }}
    group by week_start_date
    union all
    select
        'month' as period_type,
        month_date as period_start_date,
        {{ month_last('month_date') }} as period_end_date,
        sum(case when is_working_day then 1 else 0 end) as working_days_count,
        max(working_day_number) as working_day_number
    from {{ ref('dim_date') }}
    group by month_date
),

working_day as (
    select
        working_day_number,
        date_pk
    from {{ ref('dim_date') }}
    where is_working_day
),

-- Nothing is asked for from before the first period that a register lists: there was none to hand it to.
first_listed as (
    select
        report_code,
        min(period_start_date) as first_period_date
    from {{ ref('int_report__list_handed_in') }}
    group by report_code
),

asked as (
    select
        rule.report_code,
        rule.subject_type_code,
        rule.period_type,
        period.period_start_date,
        period.period_end_date,
        working_day.date_pk as due_date,
        rule.valid_from_date as rule_valid_from_date
    from {{ ref('report_rule') }} as rule
    inner join first_listed on rule.report_code = first_listed.report_code
    inner join period
        on rule.period_type = period.period_type
        and first_listed.first_period_date <= period.period_start_date
        and period.period_end_date <= {{ business_date() }}
        and {{ as_at('rule', 'period.period_end_date') }}
    inner join working_day
        on working_day.working_day_number = period.working_day_number + rule.due_working_days
    where period.working_days_count >= rule.minimum_working_days
),

-- A team reports on a period at the end of which it had members.
team as (
    select distinct
        asked.report_code,
        asked.period_start_date,
        bridge.team_id
    from asked
    inner join {{ ref('bridge_team_member') }} as bridge
        on {{ as_at('bridge', 'asked.period_end_date') }}
    where asked.subject_type_code = 'team'
)

select
    asked.report_code,
    asked.subject_type_code,
    case when asked.subject_type_code = 'group' then 'supervision' else team.team_id end as subject_id,
    asked.period_type,
    asked.period_start_date,
    asked.period_end_date,
    asked.due_date,
    asked.rule_valid_from_date
from asked
left join team
    on asked.report_code = team.report_code and asked.period_start_date = team.period_start_date
where asked.subject_type_code = 'group' or team.team_id is not null
