-- One row per account, month and way to charge losses: what it is charged, + where provisions are
-- released; also in the currency of the account. Rebuilt months only.
with rebuilt as (
    select min(month_date) as first_month_date from {{ ref('int_account__divide_month') }}
),

-- A provision is compared with that of the month before, and of older ones there is nothing to tell.
known as (
    select exposure.*
    from {{ ref('fct_exposure_month') }} as exposure
    inner join rebuilt on exposure.month_date >= {{ add_months_to('rebuilt.first_month_date', -1) }}
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
        coalesce(now.currency_code, earlier.currency_code) as currency_code,
        coalesce(earlier.original_provision_amount, 0) - coalesce(now.original_provision_amount, 0)
        - coalesce(now.original_used_provision_amount, 0) as original_loss_amount
    from known as now
    full outer join known as earlier
        on now.account_key = earlier.account_key
        and now.month_date = {{ add_months_to('earlier.month_date', 1) }}
)

select
    cast(exposure.account_key as bigint) as account_key,
    cast('expected' as {{ t_string() }}) as loss_method_code,
    cast(exposure.currency_code as {{ t_string() }}) as currency_code,
    cast(null as decimal(18, 2)) as original_loss_amount,
    cast(exposure.expected_loss_amount as decimal(18, 2)) as loss_amount,
    cast(exposure.month_date as date) as month_date
from known as exposure
inner join rebuilt on exposure.month_date >= rebuilt.first_month_date
where exposure.expected_loss_amount <> 0

union all

-- The first month known has no month before it to compare with. What a rate of exchange moves of a provision
-- is no loss on the loan: the change is turned into yuan, not the two ends.
select
    cast(provision.account_key as bigint) as account_key,
    cast('provision' as {{ t_string() }}) as loss_method_code,
    cast(provision.currency_code as {{ t_string() }}) as currency_code,
    cast(provision.original_loss_amount as decimal(18, 2)) as original_loss_amount,
    cast(
        {{ in_yuan('provision.original_loss_amount', 'provision.currency_code', 'exchange.exchange_price') }}
        as decimal(18, 2)
    ) as loss_amount,
    cast(provision.month_date as date) as month_date
from provision
inner join rebuilt on provision.month_date >= rebuilt.first_month_date
inner join history on provision.month_date > history.first_month_date
left join {{ ref('int_currency__find_rate') }} as exchange
    on {{ foreign_currency('provision.currency_code') }} = exchange.currency_code
    and provision.month_date = exchange.month_date
where
    provision.original_loss_amount <> 0
    and provision.month_date <= {{ date_literal(business_month()) }}
