-- One row per indicator of the work and month: its value, and how it has moved since the first full month.
{%- set kpis = {
    'visits_per_day': ('worked', 'sum(visit_count)', 'sum(work_days)'),
    'file_completeness': ('file', 'sum(filled_weight)', 'sum(asked_weight)'),
    'overdue_visit': ('owed', 'sum(required_count - counted_count)', 'sum(required_count)'),
    'denied_visit': (
        'called', "sum(case when result_code = 'denied' then callback_count else 0 end)", 'sum(callback_count)',
    ),
    'closing': ('closing', "sum(case when outcome_code = 'closed' then visit_count else 0 end)", 'sum(visit_count)'),
    'report_on_time': ('report', 'sum(case when is_on_time then 1 else 0 end)', 'count(*)'),
    'opinion_replied': (
        'feedback', 'sum(case when is_replied_on_time then feedback_count else 0 end)', 'sum(feedback_count)',
    ),
} %}
with worked as (
    select * from {{ ref('mart_relationship__idle_month') }}
),

file as (
    select * from {{ ref('fct_file_completeness_month') }}
),

owed as (
    select * from {{ ref('fct_visit_requirement') }}
    where is_period_over
),

called as (
    select
        result_code,
        callback_count,
        {{ month_first('called_date') }} as month_date
    from {{ ref('fct_callback') }}
    where result_code <> 'not_reached'
),

closing as (
    select * from {{ ref('fct_visit_closing') }}
    where outcome_code <> 'absent'
),

report as (
    select * from {{ ref('fct_report_submission') }}
    where is_due
),

feedback as (
    select * from {{ ref('fct_feedback') }}
    where reply_due_date <= {{ business_date() }}
),

measured as (
    {%- for code, (relation, numerator, denominator) in kpis.items() %}
    select
        '{{ code }}' as kpi_code,
        month_date,
        cast({{ numerator }} as bigint) as numerator_value,
        cast({{ denominator }} as bigint) as denominator_value
    from {{ relation }}
    group by month_date
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- A month is whole when field work was on by its first working day, and it is over.
field_work as (
    select min(visited_date) as first_date from {{ ref('fct_visit') }}
),

whole_month as (
    select
        day.month_date,
        min(day.date_pk) as first_working_date
    from {{ ref('dim_date') }} as day
    where day.is_working_day and {{ month_last('day.month_date') }} <= {{ business_date() }}
    group by day.month_date
),

valued as (
    select
        measured.kpi_code,
        measured.month_date,
        measured.numerator_value,
        measured.denominator_value,
        {{ share_of('measured.numerator_value', 'measured.denominator_value') }} as kpi_value,
        whole_month.month_date is not null as is_month_over,
        coalesce(
            whole_month.first_working_date >= field_work.first_date and measured.denominator_value > 0, false
        ) as is_whole
    from measured
    cross join field_work
    left join whole_month on measured.month_date = whole_month.month_date
),

base as (
    select
        kpi_code,
        min(month_date) as base_month_date
    from valued
    where is_whole
    group by kpi_code
)

select
    cast(valued.kpi_code as {{ t_string() }}) as kpi_code,
    cast(valued.month_date as date) as month_date,
    cast(rule.is_more_better as boolean) as is_more_better,
    cast(valued.numerator_value as bigint) as numerator_value,
    cast(valued.denominator_value as bigint) as denominator_value,
    cast(valued.kpi_value as decimal(18, 8)) as kpi_value,
    cast(base.base_month_date as date) as base_month_date,
    cast(first_value.kpi_value as decimal(18, 8)) as base_value,
    cast(valued.kpi_value - first_value.kpi_value as decimal(18, 8)) as change_value,
    -- Null in the base month, before it, and where nothing moved.
    cast(
        case
            when valued.month_date > base.base_month_date and valued.kpi_value <> first_value.kpi_value
                then (valued.kpi_value > first_value.kpi_value) = rule.is_more_better
        end as boolean
    ) as is_improved,
    cast(valued.is_month_over as boolean) as is_month_over
from valued
inner join {{ ref('baseline_kpi') }} as rule
    on valued.kpi_code = rule.kpi_code and {{ as_at('rule', month_reached('valued.month_date')) }}
left join base on valued.kpi_code = base.kpi_code
left join valued as first_value
    on base.kpi_code = first_value.kpi_code and base.base_month_date = first_value.month_date
