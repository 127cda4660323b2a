-- One row per score.
select * from {{ source('raw', 'ml__customer_score') }}
