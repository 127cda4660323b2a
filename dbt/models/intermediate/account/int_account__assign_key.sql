-- One row per account number of a source, with the pseudonym that stands for it everywhere else.
select
    source_id as account_id,
    cast(min(pseudonym_key) as bigint) as account_key
from {{ ref('stg_vault__pseudonym') }}
where entity_code = 'account'
group by source_id
