-- One row per account, holder and stretch of days on which the account's holders stay the same.
select
    cast(account_key as bigint) as account_key,
    cast(customer_key as bigint) as customer_key,
    cast(role_code as {{ t_string() }}) as role_code,
    cast(share_rate as decimal(12, 8)) as share_rate,
    cast(valid_from_date as date) as valid_from_date,
    cast(valid_to_date as date) as valid_to_date,
    cast(is_current as boolean) as is_current
from {{ ref('int_account__track_holder') }}
