-- One row per customer number of a source, with the pseudonym that stands for it everywhere else.
select
    source_id as customer_id,
    cast(min(pseudonym_key) as bigint) as customer_key
from {{ ref('stg_vault__pseudonym') }}
where entity_code = 'customer'
group by source_id
