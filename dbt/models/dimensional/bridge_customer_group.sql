-- One row per customer, household or group of companies, and stretch of days he belongs to it. A
-- customer belongs to one at a time; who belongs to none has no row, and counts for himself.
with version as (
    select *
    from {{ scd2(
        ref('stg_corebank__customer_group'),
        key=['customer_id'],
        attributes=['group_id', 'group_type_code', 'member_role_code'],
        kind='snapshot',
    ) }} as tracked
)

select
    cast(assigned.customer_key as bigint) as customer_key,
    cast(version.group_id as {{ t_string() }}) as group_id,
    cast(version.group_type_code as {{ t_string() }}) as group_type_code,
    cast(version.member_role_code as {{ t_string() }}) as member_role_code,
    cast(version.valid_from_date as date) as valid_from_date,
    cast(version.valid_to_date as date) as valid_to_date,
    cast(version.is_current as boolean) as is_current
from version
inner join {{ ref('int_customer__assign_key') }} as assigned on version.customer_id = assigned.customer_id
