-- One row per report listed in a register and doubt about it: nobody asked for it, it was handed in before its
-- period began, or the day that it is due is not the rule's.
with asked_period as (
    select distinct
        report_code,
        period_start_date
    from {{ ref('int_report__list_asked') }}
),

known_team as (
    select distinct team_id
    from {{ ref('bridge_team_member') }}
),

listed as (
    select
        listed.report_code,
        listed.subject_id,
        listed.period_start_date,
        listed.submitted_date,
        listed.due_date,
        asked.due_date as asked_due_date,
        asked.period_end_date,
        asked.report_code is not null as is_asked,
        case
            when rule.subject_type_code = 'team' and known_team.team_id is null then 'unknown_team'
            when
                rule.period_type = 'week' and listed.period_start_date <> day.week_start_date
                or rule.period_type = 'month' and listed.period_start_date <> day.month_date
                then 'no_such_period'
            when asked_period.period_start_date is null then 'no_work'
            else 'team_without_members'
        end as unasked_code,
        case rule.period_type
            when 'week' then {{ add_days('listed.period_start_date', 6) }}
            else {{ month_last('listed.period_start_date') }}
        end <= {{ business_date() }} as is_period_over
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
),

-- A report on a period that still runs is early, not unasked.
doubt as (
    {%- for reason, condition in {
        'unasked_code': 'not is_asked and is_period_over',
        "'before_its_period'": 'is_asked and submitted_date < period_start_date',
        "'due_before_end'": 'is_asked and due_date < period_end_date',
        "'due_differs'": 'is_asked and due_date >= period_end_date and due_date <> asked_due_date',
    }.items() %}
    select
        {{ reason }} as reason_code,
        listed.*
    from listed
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    cast(report_code as {{ t_string() }}) as report_code,
    cast(subject_id as {{ t_string() }}) as subject_id,
    cast(period_start_date as date) as period_start_date,
    cast(reason_code as {{ t_string() }}) as reason_code,
    cast(submitted_date as date) as submitted_date,
    cast(due_date as date) as due_date,
    cast(asked_due_date as date) as asked_due_date
from doubt
