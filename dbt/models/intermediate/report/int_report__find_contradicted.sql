-- One row per answer that came back on a paper more than once, and not the same each time.
{%- set papers = {
    'fieldwork__callback': (
        'leader_id', 'customer_id', 'called_date', ['result_code', 'satisfaction_score', 'opinion_text'], 'result_code',
    ),
    'fieldwork__summary_report': (
        'team_id', none, 'week_start_date',
        ['opinion_text', 'customer_solution_text', 'manager_solution_text', 'recommendation_text', 'submitted_date'],
        'submitted_date',
    ),
    'fieldwork__guidance_opinion': (
        none, none, 'week_start_date',
        [
            'problem_text', 'shortcoming_text', 'first_solution_text', 'second_solution_text', 'third_solution_text',
            'arrangement_text', 'submitted_date',
        ],
        'submitted_date',
    ),
} %}
with delivered as (
    {%- for paper, (subject, customer, day, answers, told) in papers.items() %}
    select
        '{{ paper }}' as paper_code,
        {{ subject or "'supervision'" }} as subject_id,
        {{ customer or 'cast(null as ' ~ t_string() ~ ')' }} as customer_id,
        {{ day }} as answer_date,
        cast({{ told }} as {{ t_string() }}) as told_text,
        {% for answer in answers -%}
        coalesce(trim(cast({{ answer }} as {{ t_string() }})), '') || '|'{{ ' || ' if not loop.last }}
        {%- endfor %} as answer_text,
        source_file
    from {{ ref('stg_' ~ paper) }}
    -- What is listed as not handed in says nothing yet.
    where {{ told }} is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    cast(delivered.paper_code as {{ t_string() }}) as paper_code,
    cast(delivered.subject_id as {{ t_string() }}) as subject_id,
    cast(coalesce(assigned.customer_key, {{ var('unassigned_pk') }}) as bigint) as customer_key,
    cast(delivered.answer_date as date) as answer_date,
    cast(min(delivered.told_text) as {{ t_string() }}) as first_text,
    cast(max(delivered.told_text) as {{ t_string() }}) as second_text,
    cast(min(delivered.source_file) as {{ t_string() }}) as first_file_name,
    cast(max(delivered.source_file) as {{ t_string() }}) as second_file_name
from delivered
left join {{ ref('int_customer__assign_key') }} as assigned on delivered.customer_id = assigned.customer_id
group by delivered.paper_code, delivered.subject_id, assigned.customer_key, delivered.answer_date
having min(delivered.answer_text) <> max(delivered.answer_text)
