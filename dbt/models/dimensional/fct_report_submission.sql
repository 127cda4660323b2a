-- One row per report, subject and period that it is asked for: handed in or not, when, and how well written.
{% set items = ['first_item_text', 'second_item_text', 'third_item_text', 'fourth_item_text'] %}
with report as (
    select
        asked.report_code,
        asked.subject_type_code,
        asked.subject_id,
        case when asked.subject_type_code = 'team' then asked.subject_id end as team_id,
        asked.period_type,
        asked.period_start_date,
        asked.period_end_date,
        -- The register may have put the day off; what it does not list is due by the rule, and so is what it
        -- would have before the period is over.
        case
            when listed.due_date >= asked.period_end_date then listed.due_date
            else asked.due_date
        end as due_date,
        -- Nobody hands in a report on days that have not begun: whatever came, it was not this one.
        case when listed.submitted_date >= asked.period_start_date then listed.submitted_date end as submitted_date,
        listed.solution_count,
        similarity.similarity_rate,
        rule.asked_item_count,
        rule.asked_solution_count,
        rule.maximum_similarity_rate,
        rule.item_weight_rate,
        rule.character_weight_rate,
        rule.originality_weight_rate,
        rule.full_character_count,
        -- The texts name customers and stay in staging; their lengths tell whether they were written.
        {% for item in items -%}
        case when length(coalesce(listed.{{ item }}, '')) > 0 then 1 else 0 end{{ ' + ' if not loop.last }}
        {%- endfor %} as filled_item_count,
        {% for item in items -%}
        case
            when length(coalesce(listed.{{ item }}, '')) >= rule.minimum_item_characters then 1 else 0
        end{{ ' + ' if not loop.last }}
        {%- endfor %} as full_item_count,
        {% for item in items -%}
        length(coalesce(listed.{{ item }}, '')){{ ' + ' if not loop.last }}
        {%- endfor %} as character_count
    from {{ ref('int_report__list_asked') }} as asked
    inner join {{ ref('report_rule') }} as rule
        on asked.report_code = rule.report_code and asked.rule_valid_from_date = rule.valid_from_date
    left join {{ ref('int_report__list_handed_in') }} as listed
        on asked.report_code = listed.report_code
        and asked.subject_id = listed.subject_id
        and asked.period_start_date = listed.period_start_date
    left join {{ ref('int_report__measure_similarity') }} as similarity
        on listed.report_pk = similarity.report_pk
),

team as (
    {{ carried_versions(ref('dim_team'), 'team', 'team_id') }}
)

select
    cast(report.report_code as {{ t_string() }}) as report_code,
    cast(report.subject_type_code as {{ t_string() }}) as subject_type_code,
    cast(report.subject_id as {{ t_string() }}) as subject_id,
    cast(coalesce(team.team_pk, {{ var('unassigned_pk') }}) as bigint) as team_fk,
    cast(report.period_type as {{ t_string() }}) as period_type,
    cast(report.period_start_date as date) as period_start_date,
    cast(report.period_end_date as date) as period_end_date,
    cast(report.due_date as date) as due_date,
    cast(report.submitted_date as date) as submitted_date,
    cast(report.due_date <= {{ business_date() }} as boolean) as is_due,
    cast(coalesce(report.submitted_date <= report.due_date, false) as boolean) as is_on_time,
    cast(
        report.submitted_date is null and report.due_date < {{ business_date() }} as boolean
    ) as is_missing,
    cast(
        case
            when report.submitted_date > report.due_date
                then {{ days_between('report.due_date', 'report.submitted_date') }}
            when report.submitted_date is not null then 0
        end as int
    ) as late_days,
    cast(report.filled_item_count as int) as filled_item_count,
    cast(report.asked_item_count as int) as asked_item_count,
    cast(report.full_item_count as int) as full_item_count,
    cast(report.character_count as int) as character_count,
    cast(coalesce(report.solution_count, 0) as int) as solution_count,
    cast(report.similarity_rate as decimal(12, 8)) as similarity_rate,
    -- Requirement 4.6: items filled in, length and originality, each by its weight.
    cast(
        case
            when report.submitted_date is not null
                then
                    report.item_weight_rate * {{ share_of('report.filled_item_count', 'report.asked_item_count') }}
                    + report.character_weight_rate * {{ share_of(
                        'least(report.character_count, report.full_character_count)', 'report.full_character_count'
                    ) }}
                    + report.originality_weight_rate * (1 - report.similarity_rate)
        end as decimal(12, 8)
    ) as quality_rate,
    cast(
        case
            when report.submitted_date is not null
                then
                    report.similarity_rate >= report.maximum_similarity_rate
        end as boolean
    ) as is_copied,
    cast(
        case
            when report.submitted_date is not null
                then
                    report.full_item_count = report.asked_item_count
                    and report.solution_count >= report.asked_solution_count
                    and report.similarity_rate < report.maximum_similarity_rate
        end as boolean
    ) as is_in_earnest,
    cast({{ month_first('report.period_end_date') }} as date) as month_date
from report
left join team
    on report.team_id = team.team_id and {{ as_at('team', 'report.period_end_date') }}
