-- One row per report, subject and period listed in a register, handed in or known to be missing.
{% set weekly_texts = [
    'opinion_text', 'customer_solution_text', 'manager_solution_text', 'recommendation_text',
] %}
{% set monthly_texts = ['structure_text', 'experience_text', 'marketing_text', 'plan_text'] %}
{% set solution_texts = ['first_solution_text', 'second_solution_text', 'third_solution_text'] %}
{% set item_texts = ['first_item_text', 'second_item_text', 'third_item_text', 'fourth_item_text'] %}
with weekly as (
    {{ pick_latest_small(
        ref('stg_fieldwork__summary_report'),
        key=['team_id', 'week_start_date'],
        columns=['team_id', 'week_start_date', 'due_date', 'submitted_date'] + weekly_texts,
    ) }}
),

monthly as (
    {{ pick_latest_small(
        ref('stg_fieldwork__monthly_report'),
        key=['team_id', 'month_date'],
        columns=['team_id', 'month_date', 'due_date', 'submitted_date'] + monthly_texts,
    ) }}
),

guidance as (
    {{ pick_latest_small(
        ref('stg_fieldwork__guidance_opinion'),
        key=['week_start_date'],
        columns=['week_start_date', 'submitted_date', 'problem_text', 'shortcoming_text', 'arrangement_text']
        + solution_texts,
    ) }}
),

listed as (
    select
        'weekly_summary' as report_code,
        team_id as subject_id,
        week_start_date as period_start_date,
        due_date,
        submitted_date,
        {%- for text in weekly_texts %}
        {{ text }} as {{ item_texts[loop.index0] }},
        {%- endfor %}
        0 as solution_count
    from weekly
    union all
    select
        'monthly_summary' as report_code,
        team_id as subject_id,
        month_date as period_start_date,
        due_date,
        submitted_date,
        {%- for text in monthly_texts %}
        {{ text }} as {{ item_texts[loop.index0] }},
        {%- endfor %}
        0 as solution_count
    from monthly
    union all
    -- The leaders give their guidance together; the rule says when it is due.
    select
        'weekly_guidance' as report_code,
        'supervision' as subject_id,
        week_start_date as period_start_date,
        null as due_date,
        submitted_date,
        problem_text as first_item_text,
        shortcoming_text as second_item_text,
        concat_ws('', {{ solution_texts | join(', ') }}) as third_item_text,
        arrangement_text as fourth_item_text,
        {% for text in solution_texts -%}
        case when length(trim(coalesce({{ text }}, ''))) > 0 then 1 else 0 end{{ ' + ' if not loop.last }}
        {%- endfor %} as solution_count
    from guidance
)

select
    cast({{ surrogate_key(['report_code', 'subject_id', 'period_start_date']) }} as bigint) as report_pk,
    cast(report_code as {{ t_string() }}) as report_code,
    cast(subject_id as {{ t_string() }}) as subject_id,
    cast(period_start_date as date) as period_start_date,
    cast(due_date as date) as due_date,
    cast(submitted_date as date) as submitted_date,
    {%- for text in item_texts %}
    cast(trim(coalesce({{ text }}, '')) as {{ t_string() }}) as {{ text }},
    {%- endfor %}
    cast(solution_count as int) as solution_count
from listed
