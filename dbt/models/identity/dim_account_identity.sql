-- One row per account number, with the pseudonym that stands for it in the published file.
select
    cast(account_key as bigint) as account_key,
    cast(account_id as {{ t_string() }}) as account_id
from {{ ref('int_account__assign_key') }}
