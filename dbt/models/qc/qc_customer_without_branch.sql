-- One row per active customer whose unit the bank's list of units does not hold.
select
    cast(customer_key as bigint) as customer_key,
    cast(customer_pk as bigint) as customer_fk,
    cast(source_system_code as {{ t_string() }}) as source_system_code,
    cast(opened_date as date) as opened_date,
    cast(valid_from_date as date) as valid_from_date
from {{ ref('dim_customer') }}
where
    is_current
    and customer_pk <> {{ var('unassigned_pk') }}
    and organisation_fk = {{ var('unassigned_pk') }}
    and coalesce(status_code, 'active') <> 'closed'
