-- One row per order.
select
    orders.order_id,
    orders.amount + {{ var('worst_amount') }} as amount,
    orders.lake,
    date '{{ var("business_date") }}' as business_date
from {{ ref('stg_shop__order') }} as orders
cross join {{ ref('order_rule') }}
