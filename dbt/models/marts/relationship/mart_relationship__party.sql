-- One row per party: its customer numbers, branches, accounts, deposits, loans and exposure as one.
with newest as (
    select max(month_date) as month_date from {{ ref('fct_customer_month') }}
),

member as (
    select
        bridge.party_key,
        bridge.customer_key,
        customer.organisation_fk,
        customer.source_system_code,
        customer.party_type_code
    from {{ ref('bridge_party') }} as bridge
    left join {{ ref('dim_customer') }} as customer
        on bridge.customer_key = customer.customer_key and customer.is_current
    where bridge.is_current
),

account as (
    select
        member.party_key,
        count(distinct holder.account_key) as account_count
    from member
    inner join {{ ref('bridge_account_holder') }} as holder
        on member.customer_key = holder.customer_key and holder.is_current
    group by member.party_key
),

-- The current party holds what its numbers held in every month: what was found out later is true
-- of earlier months too.
held as (
    select
        member.party_key,
        {{ total_of('month.deposit_closing_amount') }} as deposit_amount,
        {{ total_of('month.loan_closing_amount') }} as loan_amount,
        {{ total_of('month.contribution_amount') }} as contribution_amount
    from {{ ref('fct_customer_month') }} as month
    inner join newest on month.month_date = newest.month_date
    inner join member on month.customer_key = member.customer_key
    group by member.party_key
),

exposed as (
    select
        member.party_key,
        count(distinct member.organisation_fk) as organisation_count,
        {{ total_of('exposure.ead_amount') }} as exposure_amount
    from {{ ref('fct_customer_exposure_month') }} as exposure
    inner join newest on exposure.month_date = newest.month_date
    inner join member on exposure.customer_key = member.customer_key
    group by member.party_key
),

counted as (
    select
        party_key,
        count(*) as customer_count,
        count(distinct organisation_fk) as organisation_count,
        count(distinct source_system_code) as source_count
    from member
    group by party_key
)

select
    cast(counted.party_key as bigint) as party_key,
    cast(first_number.party_type_code as {{ t_string() }}) as party_type_code,
    cast(counted.customer_count as bigint) as customer_count,
    cast(counted.source_count as bigint) as source_count,
    cast(counted.organisation_count as bigint) as organisation_count,
    cast(counted.organisation_count > 1 as boolean) as is_cross_branch,
    cast(coalesce(account.account_count, 0) as bigint) as account_count,
    cast(coalesce(held.deposit_amount, 0) as decimal(18, 2)) as deposit_amount,
    cast(coalesce(held.loan_amount, 0) as decimal(18, 2)) as loan_amount,
    cast(coalesce(held.contribution_amount, 0) as decimal(18, 2)) as contribution_amount,
    cast(coalesce(exposed.exposure_amount, 0) as decimal(18, 2)) as exposure_amount,
    cast(coalesce(exposed.organisation_count, 0) as bigint) as exposed_organisation_count,
    cast(newest.month_date as date) as month_date
from counted
left join newest on newest.month_date is not null
left join member as first_number on counted.party_key = first_number.customer_key
left join account on counted.party_key = account.party_key
left join held on counted.party_key = held.party_key
left join exposed on counted.party_key = exposed.party_key
