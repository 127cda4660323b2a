-- One row per account, holder and version of the holder's record, of accounts that have a list.
with listed as (
    select
        account.account_key,
        customer.customer_key,
        tracked.role_code,
        tracked.share_rate,
        tracked.valid_from_date,
        tracked.valid_to_date
    from {{ scd2(
        ref('stg_corebank__account_holder'),
        key=['account_id', 'customer_id'],
        attributes=['role_code', 'share_rate'],
        scope=['account_id'],
        deleted="change_code = 'delete'",
    ) }} as tracked
    left join {{ ref('int_account__assign_key') }} as account
        on tracked.account_id = account.account_id
    left join {{ ref('int_customer__assign_key') }} as customer
        on tracked.customer_id = customer.customer_id
)

select
    cast(account_key as bigint) as account_key,
    cast(customer_key as bigint) as customer_key,
    cast(role_code as {{ t_string() }}) as role_code,
    cast(share_rate as decimal(12, 8)) as share_rate,
    cast(valid_from_date as date) as valid_from_date,
    cast(valid_to_date as date) as valid_to_date,
    cast(count(*) over (partition by account_key) as integer) as versions_count
from listed
