-- One row per team and week that a summary report is due for, as far as a report was listed.
with report as (
    {{ pick_latest_small(
        ref('stg_fieldwork__summary_report'),
        key=['team_id', 'week_start_date'],
        columns=[
            'team_id', 'week_start_date', 'due_date', 'submitted_date', 'opinion_text',
            'customer_solution_text', 'manager_solution_text', 'recommendation_text',
        ],
    ) }}
),

team as (
    {{ carried_versions(ref('dim_team'), 'team', 'team_id') }}
)

select
    cast(coalesce(team.team_pk, {{ var('unassigned_pk') }}) as bigint) as team_fk,
    cast(report.team_id as {{ t_string() }}) as team_id,
    cast(report.week_start_date as date) as week_start_date,
    cast(report.due_date as date) as due_date,
    cast(report.submitted_date as date) as submitted_date,
    cast({{ days_between('report.due_date', 'report.submitted_date') }} as int) as late_days,
    cast(report.submitted_date is not null and report.submitted_date <= report.due_date as boolean)
        as is_on_time,
    -- The texts themselves name customers and stay in staging; how many items were filled in tells
    -- whether the report was written at all.
    cast(
        {%- for item in ['opinion', 'customer_solution', 'manager_solution', 'recommendation'] %}
        case when length(trim(coalesce(report.{{ item }}_text, ''))) > 0 then 1 else 0 end
        {{- ' +' if not loop.last }}
        {%- endfor %}
        as int
    ) as filled_item_count,
    cast(
        {%- for item in ['opinion', 'customer_solution', 'manager_solution', 'recommendation'] %}
        length(trim(coalesce(report.{{ item }}_text, ''))){{ ' +' if not loop.last }}
        {%- endfor %}
        as int
    ) as character_count
from report
left join team on report.team_id = team.team_id and {{ as_at('team', 'report.week_start_date') }}
