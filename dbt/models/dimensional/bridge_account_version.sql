-- One row per account and stretch of days on which its account, customer, product and organisation
-- versions all stay the same.
-- A fact finds all keys of its account by one join, on account_key and a day, instead of by four.
with
-- A deleted account is one that closed on that day; what is still booked there finds its last version.
account_version as (
    select
        account_pk,
        account_key,
        customer_key,
        product_id,
        organisation_id,
        coalesce(closed_date, nullif(valid_to_date, coalesce(next_from_date, {{ open_valid_date() }})))
            as closed_date,
        valid_from_date,
        coalesce(next_from_date, {{ open_valid_date() }}) as valid_to_date
    from (
        select
            version.*,
            lead(version.valid_from_date) over (
                partition by version.account_key order by version.valid_from_date
            ) as next_from_date
        from {{ ref('int_account__track_version') }} as version
    ) as followed
),

customer_version as (
    {{ carried_versions(ref('dim_customer'), 'customer', 'customer_key') }}
),

product_version as (
    {{ carried_versions(ref('dim_product'), 'product', 'product_id') }}
),

organisation_version as (
    {{ carried_versions(ref('dim_organisation'), 'organisation', 'organisation_id') }}
),

cut_by_customer as (
    select
        account.account_pk,
        account.account_key,
        account.customer_key,
        account.product_id,
        account.organisation_id,
        account.closed_date,
        customer.customer_pk,
        {{ cut_from('account', 'customer') }} as valid_from_date,
        {{ cut_to('account', 'customer') }} as valid_to_date
    from account_version as account
    left join customer_version as customer
        on account.customer_key = customer.customer_key and {{ overlaps('account', 'customer') }}
),

cut_by_product as (
    select
        account.account_pk,
        account.account_key,
        account.customer_key,
        account.organisation_id,
        account.closed_date,
        account.customer_pk,
        product.product_pk,
        {{ cut_from('account', 'product') }} as valid_from_date,
        {{ cut_to('account', 'product') }} as valid_to_date
    from cut_by_customer as account
    left join product_version as product
        on account.product_id = product.product_id and {{ overlaps('account', 'product') }}
),

cut_by_organisation as (
    select
        account.account_pk,
        account.account_key,
        account.customer_key,
        account.closed_date,
        account.customer_pk,
        account.product_pk,
        organisation.organisation_pk,
        {{ cut_from('account', 'organisation') }} as valid_from_date,
        {{ cut_to('account', 'organisation') }} as valid_to_date
    from cut_by_product as account
    left join organisation_version as organisation
        on account.organisation_id = organisation.organisation_id
        and {{ overlaps('account', 'organisation') }}
)

select
    cast(account_key as bigint) as account_key,
    cast(account_pk as bigint) as account_fk,
    cast(coalesce(customer_key, {{ var('unassigned_pk') }}) as bigint) as customer_key,
    cast(coalesce(customer_pk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(coalesce(product_pk, {{ var('unassigned_pk') }}) as bigint) as product_fk,
    cast(coalesce(organisation_pk, {{ var('unassigned_pk') }}) as bigint) as organisation_fk,
    cast(closed_date as date) as closed_date,
    cast(valid_from_date as date) as valid_from_date,
    cast(valid_to_date as date) as valid_to_date
from cut_by_organisation
