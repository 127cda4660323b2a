-- One row per decision of a clerk on two customer numbers.
with decided as (
    {{ pick_latest_small(
        ref('stg_identity__decision'),
        key=['decision_id'],
        columns=[
            'decision_id', 'left_customer_id', 'right_customer_id', 'verdict_code', 'basis_code',
            'decided_by_id', 'decided_date',
        ],
        where='decided_date <= ' ~ business_date(),
    ) }}
),

keyed as (
    select
        decided.*,
        least(left_number.customer_key, right_number.customer_key) as left_key,
        greatest(left_number.customer_key, right_number.customer_key) as right_key
    from decided
    inner join {{ ref('int_customer__assign_key') }} as left_number
        on decided.left_customer_id = left_number.customer_id
    inner join {{ ref('int_customer__assign_key') }} as right_number
        on decided.right_customer_id = right_number.customer_id
),

-- A later word on the same two numbers takes the place of the earlier one.
numbered as (
    select
        keyed.*,
        row_number() over (
            partition by left_key, right_key order by decided_date desc, decision_id desc
        ) as newest_rank
    from keyed
),

employee as (
    {{ carried_versions(ref('dim_employee'), 'employee', 'employee_id') }}
)

select
    cast(numbered.decision_id as {{ t_string() }}) as decision_id,
    cast(numbered.left_key as bigint) as left_key,
    cast(numbered.right_key as bigint) as right_key,
    cast(numbered.verdict_code as {{ t_string() }}) as verdict_code,
    cast(numbered.basis_code as {{ t_string() }}) as basis_code,
    cast(coalesce(employee.employee_pk, {{ var('unassigned_pk') }}) as bigint) as decided_by_fk,
    cast(numbered.decided_date as date) as decided_date,
    cast(numbered.newest_rank = 1 and numbered.left_key <> numbered.right_key as boolean)
        as is_standing
from numbered
left join employee
    on numbered.decided_by_id = employee.employee_id
    and {{ as_at('employee', 'numbered.decided_date') }}
