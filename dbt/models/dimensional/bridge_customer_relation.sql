-- One row per customer, related customer, kind of relation and stretch of days on which the list has it.
with version as (
    select *
    from {{ scd2(
        ref('stg_fieldwork__customer_relation'),
        key=['customer_id', 'related_customer_id', 'relation_code'],
        attributes=['employee_id', 'visited_date'],
        kind='snapshot',
    ) }} as tracked
),

-- It is true since the visit that told of it, known since the first list that has it.
dated as (
    select
        customer.customer_key,
        related.customer_key as related_customer_key,
        version.relation_code,
        version.employee_id,
        version.visited_date,
        greatest(version.valid_from_date, version.visited_date) as valid_from_date,
        version.valid_to_date,
        version.is_current
    from version
    inner join {{ ref('int_customer__assign_key') }} as customer
        on version.customer_id = customer.customer_id
    inner join {{ ref('int_customer__assign_key') }} as related
        on version.related_customer_id = related.customer_id
    -- Nobody is his own relation.
    where customer.customer_key <> related.customer_key
),

employee as (
    {{ carried_versions(ref('dim_employee'), 'employee', 'employee_id') }}
)

select
    cast(dated.customer_key as bigint) as customer_key,
    cast(dated.related_customer_key as bigint) as related_customer_key,
    cast(dated.relation_code as {{ t_string() }}) as relation_code,
    cast(coalesce(employee.employee_pk, {{ var('unassigned_pk') }}) as bigint) as employee_fk,
    cast(dated.visited_date as date) as visited_date,
    cast(dated.valid_from_date as date) as valid_from_date,
    cast(dated.valid_to_date as date) as valid_to_date,
    cast(dated.is_current as boolean) as is_current
from dated
left join employee
    on dated.employee_id = employee.employee_id and {{ as_at('employee', 'dated.visited_date') }}
where dated.valid_from_date < dated.valid_to_date
