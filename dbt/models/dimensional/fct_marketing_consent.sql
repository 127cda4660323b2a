-- One row per customer and day on which he agreed to be offered products, or no longer did.
with word as (
    {{ pick_latest_small(
        ref('stg_marketing__consent'),
        key=['customer_id', 'changed_date'],
        columns=['customer_id', 'changed_date', 'consent_code'],
        where='business_date <= ' ~ business_date(),
    ) }}
),

customer as (
    {{ carried_versions(ref('dim_customer'), 'customer', 'customer_key') }}
)

select
    cast(assigned.customer_key as bigint) as customer_key,
    cast(coalesce(customer.customer_pk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(word.changed_date as date) as changed_date,
    cast(word.consent_code = 'given' as boolean) as is_given,
    cast(1 as int) as word_count
from word
inner join {{ ref('int_customer__assign_key') }} as assigned on word.customer_id = assigned.customer_id
left join customer
    on assigned.customer_key = customer.customer_key and {{ as_at('customer', 'word.changed_date') }}
