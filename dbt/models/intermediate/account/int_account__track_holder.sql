-- One row per account, holder and stretch of days on which the account's holders stay the same.
with listed_account as (
    select distinct account_key
    from {{ ref('int_account__list_holder') }}
),

-- Accounts without a list belong to the customer on the account itself, also once they are deleted.
unlisted as (
    select
        account.account_key,
        record.customer_id,
        record.change_code,
        record.business_date,
        record.batch_precedence,
        record.batch_id,
        record.source_row
    from {{ ref('stg_corebank__account') }} as record
    inner join {{ ref('int_account__assign_key') }} as account
        on record.account_id = account.account_id
    left join listed_account on account.account_key = listed_account.account_key
    where listed_account.account_key is null
),

implied as (
    select
        tracked.account_key,
        customer.customer_key,
        tracked.valid_from_date,
        tracked.valid_to_date
    from {{ scd2(
        'unlisted', key=['account_key'], attributes=['customer_id'],
        among="coalesce(change_code, 'update') <> 'delete'",
    ) }} as tracked
    inner join {{ ref('int_customer__assign_key') }} as customer
        on tracked.customer_id = customer.customer_id
),

-- Most accounts have one holder and one version of him: nothing to share out.
single as (
    select
        account_key,
        customer_key,
        role_code,
        case when role_code = 'authorised' then 0 else coalesce(share_rate, 1) end as share_rate,
        valid_from_date,
        valid_to_date
    from {{ ref('int_account__list_holder') }}
    where versions_count = 1
),

holder as (
    select
        account_key,
        customer_key,
        role_code,
        share_rate,
        valid_from_date,
        valid_to_date
    from {{ ref('int_account__share_joint') }}
    union all
    select
        account_key,
        customer_key,
        role_code,
        share_rate,
        valid_from_date,
        valid_to_date
    from single
    union all
    select
        account_key,
        customer_key,
        'owner' as role_code,
        1 as share_rate,
        valid_from_date,
        valid_to_date
    from implied
)

select
    cast(account_key as bigint) as account_key,
    cast(customer_key as bigint) as customer_key,
    cast(role_code as {{ t_string() }}) as role_code,
    cast(share_rate as decimal(12, 8)) as share_rate,
    cast(valid_from_date as date) as valid_from_date,
    cast(valid_to_date as date) as valid_to_date,
    valid_to_date = {{ open_valid_date() }} as is_current
from holder
