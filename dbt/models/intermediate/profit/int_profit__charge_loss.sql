-- One row per account, month and way to charge losses: what it is charged, + where provisions are
-- released. Rebuilt months only.
with rebuilt as (
    select min(month_date) as first_month_date from {{ ref('int_loan__measure_month') }}
),

history as (
    select min(month_date) as first_month_date from {{ ref('fct_exposure_month') }}
),

-- What stood for an account a month ago is released where nothing stands for it now; what a write-off
-- used up is not.
provision as (
    select
        coalesce(now.account_key, earlier.account_key) as account_key,
        coalesce(now.month_date, {{ add_months_to('earlier.month_date', 1) }}) as month_date,
        coalesce(earlier.provision_amount, 0) - coalesce(now.provision_amount, 0)
        - coalesce(now.used_provision_amount, 0) as loss_amount
    from {{ ref('fct_exposure_month') }} as now
    full outer join {{ ref('fct_exposure_month') }} as earlier
        on now.account_key = earlier.account_key
        and now.month_date = {{ add_months_to('earlier.month_date', 1) }}
)

select
    cast(exposure.account_key as bigint) as account_key,
    cast('expected' as {{ t_string() }}) as loss_method_code,
    cast(exposure.expected_loss_amount as decimal(18, 2)) as loss_amount,
    cast(exposure.month_date as date) as month_date
from {{ ref('fct_exposure_month') }} as exposure
inner join rebuilt on exposure.month_date >= rebuilt.first_month_date
where exposure.expected_loss_amount <> 0

union all

-- The first month known has no month before it to compare with.
select
    cast(provision.account_key as bigint) as account_key,
    cast('provision' as {{ t_string() }}) as loss_method_code,
    cast(provision.loss_amount as decimal(18, 2)) as loss_amount,
    cast(provision.month_date as date) as month_date
from provision
inner join rebuilt on provision.month_date >= rebuilt.first_month_date
inner join history on provision.month_date > history.first_month_date
where
    provision.loss_amount <> 0
    and provision.month_date <= {{ date_literal(business_month()) }}
