-- One row per leader and week with a duty or a ledger check of his: what was due, what was done, and what it showed.
{%- set measures_of = {
    'duty': [
        'duty_count', 'fulfilled_count', 'calls_due_count', 'calls_made_count', 'on_site_due_count',
        'on_site_done_count', 'reached_count', 'confirmed_count', 'denied_count', 'sample_count', 'wrong_mode_count',
    ],
    'ledger': ['check_due_count', 'check_done_count', 'sampled_row_count', 'wrong_row_count'],
    'fined': ['fine_count', 'owed_amount'],
} %}
with duty as (
    select
        leader_id,
        week_start_date,
        sum(case when is_in_charge and is_working_day then 1 else 0 end) as duty_count,
        sum(case when is_in_charge and is_working_day and is_fulfilled then 1 else 0 end) as fulfilled_count,
        sum(case when is_mode_kept then 0 else 1 end) as wrong_mode_count,
        {{ summed_measures([
            'calls_due_count', 'calls_made_count', 'on_site_due_count', 'on_site_done_count', 'reached_count',
            'confirmed_count', 'denied_count', 'sample_count',
        ]) }}
    from {{ ref('fct_duty') }}
    where is_day_over
    group by leader_id, week_start_date
),

ledger as (
    select
        leader_id,
        week_start_date,
        sum(check_count) as check_due_count,
        sum(case when is_checked then 1 else 0 end) as check_done_count,
        sum(sampled_row_count) as sampled_row_count,
        sum(wrong_row_count) as wrong_row_count
    from {{ ref('fct_ledger_check') }}
    group by leader_id, week_start_date
),

fined as (
    select
        subject_id as leader_id,
        period_start_date as week_start_date,
        count(*) as fine_count,
        {{ total_of('owed_amount') }} as owed_amount
    from {{ ref('fct_incentive') }}
    where subject_type_code = 'employee' and incentive_type_code = 'fine' and period_type = 'week'
    group by subject_id, period_start_date
),

listed as (
    {{ stacked_measures(measures_of, key=['leader_id', 'week_start_date']) }}
),

summed as (
    select
        leader_id,
        week_start_date,
        {{ summed_measures(measures_of.values() | sum(start=[])) }}
    from listed
    group by leader_id, week_start_date
),

guidance as (
    select
        period_start_date,
        is_on_time,
        solution_count
    from {{ ref('fct_report_submission') }}
    where report_code = 'weekly_guidance'
),

employee as (
    {{ carried_versions(ref('dim_employee'), 'employee', 'employee_id', ['employee_name']) }}
)

select
    cast(coalesce(employee.employee_pk, {{ var('unassigned_pk') }}) as bigint) as leader_fk,
    cast(summed.leader_id as {{ t_string() }}) as leader_id,
    cast(coalesce(employee.employee_name, 'Unassigned') as {{ t_string() }}) as leader_name,
    cast(summed.week_start_date as date) as week_start_date,
    cast(day.iso_year as int) as iso_year,
    cast(day.iso_week as int) as iso_week,
    cast(day.supervision_mode_code as {{ t_string() }}) as asked_mode_code,
    {%- for name in measures_of['duty'] + measures_of['ledger'] + ['fine_count'] %}
    cast(summed.{{ name }} as int) as {{ name }},
    {%- endfor %}
    -- Null where nobody answered, and where nothing was looked at.
    cast(
        {{ share_of('summed.denied_count', 'summed.confirmed_count + summed.denied_count') }} as decimal(12, 8)
    ) as denial_rate,
    cast({{ share_of('summed.wrong_row_count', 'summed.sampled_row_count') }} as decimal(12, 8)) as error_rate,
    cast(guidance.is_on_time as boolean) as is_guidance_on_time,
    cast(guidance.solution_count as int) as guidance_solution_count,
    cast(summed.owed_amount as decimal(18, 2)) as owed_amount,
    cast({{ month_first(add_days('summed.week_start_date', 6)) }} as date) as month_date
from summed
inner join {{ ref('dim_date') }} as day on summed.week_start_date = day.date_pk
left join guidance on summed.week_start_date = guidance.period_start_date
left join employee
    on summed.leader_id = employee.employee_id and {{ as_at('employee', 'summed.week_start_date') }}
