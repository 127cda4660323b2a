-- One row per account number and stretch of days on which its record stayed the same.
{% set attributes = [
    'customer_id', 'product_id', 'organisation_id', 'manager_id', 'currency_code', 'status_code',
    'opened_date', 'closed_date', 'interest_rate', 'rate_type_code', 'term_months', 'maturity_date',
    'reprice_date',
] %}
with version as (
    select *
    from {{ scd2(
        ref('stg_corebank__account'), key=['account_id'], attributes=attributes,
        deleted="change_code = 'delete'",
    ) }} as tracked
),

-- Banks whose accounts do not name their customer have the owner in the list of holders.
ownerless as (
    select distinct assigned.account_key
    from version
    inner join {{ ref('int_account__assign_key') }} as assigned
        on version.account_id = assigned.account_id
    where version.customer_id is null
),

listed_owner as (
    select
        holder.account_key,
        holder.customer_key,
        holder.valid_from_date,
        holder.valid_to_date,
        row_number() over (
            partition by holder.account_key, holder.valid_from_date
            order by holder.share_rate desc nulls last, holder.customer_key
        ) as nth_owner
    from {{ ref('int_account__track_holder') }} as holder
    inner join ownerless on holder.account_key = ownerless.account_key
    where holder.role_code = 'owner'
)

select
    {{ surrogate_key(['assigned.account_key', 'version.valid_from_date']) }} as account_pk,
    assigned.account_key,
    version.account_id,
    coalesce(customer.customer_key, listed_owner.customer_key) as customer_key,
    version.product_id,
    version.organisation_id,
    version.manager_id,
    version.currency_code,
    version.status_code,
    version.opened_date,
    version.closed_date,
    version.interest_rate,
    version.rate_type_code,
    version.term_months,
    version.maturity_date,
    version.reprice_date,
    version.valid_from_date,
    version.valid_to_date,
    version.is_current
from version
left join {{ ref('int_account__assign_key') }} as assigned
    on version.account_id = assigned.account_id
left join {{ ref('int_customer__assign_key') }} as customer
    on version.customer_id = customer.customer_id
left join listed_owner
    on assigned.account_key = listed_owner.account_key
    and {{ as_at('listed_owner', 'version.valid_from_date') }}
    and listed_owner.nth_owner = 1
