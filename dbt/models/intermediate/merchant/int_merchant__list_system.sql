-- One row per merchant of the newest list of the president system.
with listed as (
    {{ pick_latest_small(
        ref('stg_survey__president_system_merchant'),
        key=['customer_id'],
        columns=['customer_id', 'merchant_name', 'is_opened', 'opening_manager_id', 'opened_date'],
        where=in_last_list(ref('stg_survey__president_system_merchant')),
    ) }}
)

select
    assigned.customer_key,
    listed.merchant_name,
    listed.is_opened,
    listed.opening_manager_id,
    listed.opened_date,
    shortened.plain_name,
    shortened.short_name,
    -- The system says nothing of the district; the customer's record does.
    district.district_id
from listed
inner join {{ ref('int_customer__assign_key') }} as assigned
    on listed.customer_id = assigned.customer_id
left join {{ ref('int_merchant__shorten_name') }} as shortened
    on listed.merchant_name = shortened.merchant_name
left join {{ ref('dim_customer') }} as customer
    on assigned.customer_key = customer.customer_key
    and {{ as_at('customer', business_date()) }}
left join {{ ref('dim_district') }} as district
    on customer.district_fk = district.district_pk
    and district.district_pk <> {{ var('unassigned_pk') }}
