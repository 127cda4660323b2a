-- One row per report that was handed in although nobody asked for it: a period without work, or no period or team
-- at all.
with asked_period as (
    select distinct
        report_code,
        period_start_date
    from {{ ref('int_report__list_asked') }}
),

known_team as (
    select distinct team_id
    from {{ ref('bridge_team_member') }}
)

select
    cast(listed.report_code as {{ t_string() }}) as report_code,
    cast(listed.subject_id as {{ t_string() }}) as subject_id,
    cast(listed.period_start_date as date) as period_start_date,
    cast(listed.submitted_date as date) as submitted_date,
    cast(
        case
            when rule.subject_type_code = 'team' and known_team.team_id is null then 'unknown_team'
            when
                rule.period_type = 'week' and listed.period_start_date <> day.week_start_date
                or rule.period_type = 'month' and listed.period_start_date <> day.month_date
                then 'no_such_period'
            when asked_period.period_start_date is null then 'no_work'
            else 'team_without_members'
        end as {{ t_string() }}
    ) as reason_code
from {{ ref('int_report__list_handed_in') }} as listed
left join {{ ref('report_rule') }} as rule
    on listed.report_code = rule.report_code and {{ as_at('rule', 'listed.period_start_date') }}
left join {{ ref('dim_date') }} as day on listed.period_start_date = day.date_pk
left join {{ ref('int_report__list_asked') }} as asked
    on listed.report_code = asked.report_code
    and listed.subject_id = asked.subject_id
    and listed.period_start_date = asked.period_start_date
left join asked_period
    on listed.report_code = asked_period.report_code
    and listed.period_start_date = asked_period.period_start_date
left join known_team on listed.subject_id = known_team.team_id
where
    asked.report_code is null
    -- A report on a period that still runs is early, not unasked.
    and case rule.period_type
        when 'week' then {{ add_days('listed.period_start_date', 6) }}
        else {{ month_last('listed.period_start_date') }}
    end <= {{ business_date() }}
