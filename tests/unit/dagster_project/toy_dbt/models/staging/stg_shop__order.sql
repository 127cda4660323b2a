-- One row per order.
select * from {{ source('raw', 'shop__order') }}
