-- One row per open account whose owner no delivered list of customers holds.
select
    cast(account.account_key as bigint) as account_key,
    cast(account.account_pk as bigint) as account_fk,
    cast(account.product_fk as bigint) as product_fk,
    cast(account.organisation_fk as bigint) as organisation_fk,
    cast(account.opened_date as date) as opened_date
from {{ ref('dim_account') }} as account
left join {{ ref('dim_customer') }} as customer
    on account.customer_key = customer.customer_key and customer.is_current
where
    account.is_current
    and account.account_pk <> {{ var('unassigned_pk') }}
    and coalesce(account.status_code, 'open') <> 'closed'
    and (customer.customer_key is null or customer.customer_pk = {{ var('unassigned_pk') }})
