-- One row per step taken on a complaint.
with step as (
    {{ pick_latest_small(
        ref('stg_service__complaint_step'),
        key=['complaint_id', 'step_number'],
        columns=['complaint_id', 'step_number', 'step_date', 'employee_id', 'action_code'],
    ) }}
),

employee as (
    {{ carried_versions(ref('dim_employee'), 'employee', 'employee_id') }}
)

select
    cast(step.complaint_id as {{ t_string() }}) as complaint_id,
    cast(step.step_number as int) as step_number,
    cast(step.step_date as date) as step_date,
    cast(coalesce(complaint.customer_fk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(coalesce(employee.employee_pk, {{ var('unassigned_pk') }}) as bigint) as employee_fk,
    cast(step.action_code as {{ t_string() }}) as action_code,
    cast({{ days_between('complaint.received_date', 'step.step_date') }} as int) as elapsed_days
from step
left join {{ ref('fct_complaint') }} as complaint on step.complaint_id = complaint.complaint_id
left join employee
    on step.employee_id = employee.employee_id and {{ as_at('employee', 'step.step_date') }}
