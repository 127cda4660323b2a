-- One row per customer whom a leader called back or called on, and day.
with callback as (
    {{ pick_latest_small(
        ref('stg_fieldwork__callback'),
        key=['leader_id', 'customer_id', 'called_date'],
        columns=[
            'leader_id', 'customer_id', 'called_date', 'mode_code', 'visited_employee_id',
            'visited_date', 'result_code', 'satisfaction_score',
        ],
    ) }}
),

customer as (
    {{ carried_versions(ref('dim_customer'), 'customer', 'customer_key') }}
),

employee as (
    {{ carried_versions(ref('dim_employee'), 'employee', 'employee_id') }}
)

select
    cast(coalesce(leader.employee_pk, {{ var('unassigned_pk') }}) as bigint) as leader_fk,
    cast(coalesce(customer.customer_pk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(callback.called_date as date) as called_date,
    cast(callback.mode_code as {{ t_string() }}) as mode_code,
    cast(coalesce(visitor.employee_pk, {{ var('unassigned_pk') }}) as bigint)
        as visited_employee_fk,
    cast(callback.visited_date as date) as visited_date,
    cast(callback.result_code as {{ t_string() }}) as result_code,
    cast(callback.satisfaction_score as int) as satisfaction_score,
    cast(1 as int) as callback_count
from callback
left join {{ ref('int_customer__assign_key') }} as assigned
    on callback.customer_id = assigned.customer_id
left join customer
    on assigned.customer_key = customer.customer_key
    and {{ as_at('customer', 'callback.called_date') }}
left join employee as leader
    on callback.leader_id = leader.employee_id and {{ as_at('leader', 'callback.called_date') }}
left join employee as visitor
    on callback.visited_employee_id = visitor.employee_id
    and {{ as_at('visitor', 'coalesce(callback.visited_date, callback.called_date)') }}
