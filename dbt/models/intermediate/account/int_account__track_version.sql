-- One row per account number and stretch of days on which its record stayed the same.
{% set attributes = [
    'customer_id', 'product_id', 'organisation_id', 'manager_id', 'currency_code', 'status_code',
    'opened_date', 'closed_date', 'interest_rate', 'rate_type_code', 'term_months', 'maturity_date',
    'reprice_date',
] %}
with version as (
    select
        tracked.*,
        assigned.account_key
    from {{ scd2(
        ref('stg_corebank__account'), key=['account_id'], attributes=attributes,
        deleted="change_code = 'delete'",
    ) }} as tracked
    left join {{ ref('int_account__assign_key') }} as assigned
        on tracked.account_id = assigned.account_id
),

-- Banks whose accounts do not name their customer have the owner in the list of holders.
ownerless as (
    select distinct account_key
    from version
    where customer_id is null
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
),

-- Stretches that follow each other under one owner are one: shares may change without him.
followed_owner as (
    select
        account_key,
        customer_key,
        valid_from_date,
        valid_to_date,
        case
            when
                lag(customer_key) over (partition by account_key order by valid_from_date) = customer_key
                and lag(valid_to_date) over (partition by account_key order by valid_from_date)
                = valid_from_date
                then 0
            else 1
        end as is_new
    from listed_owner
    where nth_owner = 1
),

owner_stretch as (
    select
        account_key,
        customer_key,
        min(valid_from_date) as valid_from_date,
        max(valid_to_date) as valid_to_date
    from (
        select
            account_key,
            customer_key,
            valid_from_date,
            valid_to_date,
            sum(is_new) over (partition by account_key order by valid_from_date) as nth_stretch
        from followed_owner
    ) as numbered
    group by account_key, customer_key, nth_stretch
),

edge as (
    select
        account_key,
        valid_from_date as edge_date
    from owner_stretch
    union distinct
    select
        account_key,
        valid_to_date as edge_date
    from owner_stretch
),

-- Where its record names no owner, a version ends with its owner too.
cut as (
    select
        account_id,
        valid_from_date as version_from_date,
        valid_from_date as cut_date
    from version
    union distinct
    select
        version.account_id,
        version.valid_from_date as version_from_date,
        edge.edge_date as cut_date
    from version
    inner join edge
        on version.account_key = edge.account_key
        and version.valid_from_date < edge.edge_date
        and version.valid_to_date > edge.edge_date
    where version.customer_id is null
),

stretch as (
    select
        account_id,
        version_from_date,
        cut_date,
        lead(cut_date) over (partition by account_id, version_from_date order by cut_date)
            as next_cut_date
    from cut
)

select
    {{ surrogate_key(['version.account_key', 'stretch.cut_date']) }} as account_pk,
    version.account_key,
    version.account_id,
    coalesce(customer.customer_key, owner.customer_key) as customer_key,
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
    stretch.cut_date as valid_from_date,
    coalesce(stretch.next_cut_date, version.valid_to_date) as valid_to_date,
    version.is_current and stretch.next_cut_date is null as is_current
from version
inner join stretch
    on version.account_id = stretch.account_id
    and version.valid_from_date = stretch.version_from_date
left join {{ ref('int_customer__assign_key') }} as customer
    on version.customer_id = customer.customer_id
left join owner_stretch as owner
    on case when version.customer_id is null then version.account_key end = owner.account_key
    and {{ as_at('owner', 'stretch.cut_date') }}
