-- One row per account, month and customer whom a part of it belongs to: the stretch of the whole that
-- is his, in hundred-millionths, by the holders' shares on the last day that the figures reach to.
{%- set first_month = rebuilt_from('fct_customer_month') %}
with account_month as (
    select
        account_month.*,
        {{ month_reached('month_date') }} as reached_date
    from {{ ref('fct_account_month') }} as account_month
    where {{ in_rebuilt('month_date', first_month) }}
),

placed as (
    {{ holder_stretches('account_month') }}
),

divided as (
    select distinct
        account_key,
        month_date
    from placed
),

-- The customer on the account's record may hold no share of it; it is counted at him all the same. Of
-- one holder with all of it there is nothing to divide.
held as (
    select
        account_key,
        month_date,
        customer_key,
        from_units,
        to_units
    from placed
    union all
    select
        account_month.account_key,
        account_month.month_date,
        account_month.customer_key,
        0 as from_units,
        case when divided.account_key is null then {{ whole_units() }} else 0 end as to_units
    from account_month
    left join divided
        on account_month.account_key = divided.account_key
        and account_month.month_date = divided.month_date
    left join placed as own
        on account_month.account_key = own.account_key
        and account_month.month_date = own.month_date
        and account_month.customer_key = own.customer_key
    where own.account_key is null
),

customer_version as (
    {{ carried_versions(ref('dim_customer'), 'customer', 'customer_key') }}
)

select
    cast(held.account_key as bigint) as account_key,
    cast(held.customer_key as bigint) as customer_key,
    cast(
        case
            when held.customer_key = account_month.customer_key then account_month.customer_fk
            else coalesce(customer.customer_pk, {{ var('unassigned_pk') }})
        end as bigint
    ) as customer_fk,
    cast(account_month.organisation_fk as bigint) as organisation_fk,
    cast(held.from_units as bigint) as from_units,
    cast(held.to_units as bigint) as to_units,
    cast(held.customer_key = account_month.customer_key as boolean) as is_record_customer,
    cast(held.month_date as date) as month_date
from held
inner join account_month
    on held.account_key = account_month.account_key and held.month_date = account_month.month_date
left join customer_version as customer
    on case when held.customer_key <> account_month.customer_key then held.customer_key end
    = customer.customer_key
    and {{ as_at('customer', 'account_month.reached_date') }}
