-- One row per customer who was visited, and month: his version and his unit's on the last day that the
-- month's figures reach to.
with visited as (
    select distinct
        customer_key,
        month_date
    from {{ ref('int_profit__work_cost') }}
    where customer_key <> {{ var('unassigned_pk') }}
),

customer as (
    {{ carried_versions(ref('dim_customer'), 'customer', 'customer_key', ['organisation_fk']) }}
),

organisation as (
    {{ carried_versions(ref('dim_organisation'), 'organisation', 'organisation_id') }}
)

select
    cast(visited.customer_key as bigint) as customer_key,
    cast(coalesce(customer.customer_pk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(coalesce(organisation.organisation_pk, {{ var('unassigned_pk') }}) as bigint) as organisation_fk,
    cast(visited.month_date as date) as month_date
from visited
left join customer
    on visited.customer_key = customer.customer_key
    and {{ as_at('customer', month_reached('visited.month_date')) }}
left join {{ ref('dim_organisation') }} as recorded
    on customer.organisation_fk = recorded.organisation_pk
left join organisation
    on recorded.organisation_id = organisation.organisation_id
    and {{ as_at('organisation', month_reached('visited.month_date')) }}
