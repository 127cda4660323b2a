-- One row per account and month whose write-offs used up more provision than stood for it a month before,
-- in the currency of the account.
with history as (
    select min(month_date) as first_month_date from {{ ref('fct_exposure_month') }}
)

select
    cast(now.account_key as bigint) as account_key,
    cast(now.account_fk as bigint) as account_fk,
    cast(now.customer_fk as bigint) as customer_fk,
    cast(now.organisation_fk as bigint) as organisation_fk,
    cast(now.currency_code as {{ t_string() }}) as currency_code,
    cast(coalesce(earlier.original_provision_amount, 0) as decimal(18, 2)) as earlier_provision_amount,
    cast(now.original_used_provision_amount as decimal(18, 2)) as used_provision_amount,
    cast(now.original_used_provision_amount - coalesce(earlier.original_provision_amount, 0) as decimal(18, 2))
        as exceeding_amount,
    cast(now.month_date as date) as month_date
from {{ ref('fct_exposure_month') }} as now
-- Of the first month known nobody knows what stood before it.
inner join history on now.month_date > history.first_month_date
left join {{ ref('fct_exposure_month') }} as earlier
    on now.account_key = earlier.account_key
    and now.month_date = {{ add_months_to('earlier.month_date', 1) }}
where now.original_used_provision_amount > coalesce(earlier.original_provision_amount, 0)
