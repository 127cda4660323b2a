-- One row per account and month in which it held a balance or was posted to.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('fct_account_month') %}
with begun as (
    -- A balance on the eve of the first month opens that month; it does not make one of its own.
    select {{ month_first(add_days('min(valid_from_date)', 1)) }} as month_date
    from {{ ref('fct_account_balance_interval') }}
    union all
    select min(month_date) as month_date from {{ ref('fct_transaction') }}
),

history as (
    select min(month_date) as first_month_date from begun
),

balance as (
    select
        account_key,
        month_date,
        {{ total_of('balance_amount * days_count') }} as balance_days_amount,
        {{ total_of(
            'case when valid_to_date = ' ~ add_days(month_reached('month_date'), 1)
            ~ ' then balance_amount else 0 end'
        ) }} as closing_balance_amount
    from {{ ref('fct_account_balance_interval') }}
    where {{ in_rebuilt('month_date', first_month) }}
    group by account_key, month_date
),

activity as (
    select
        coalesce(balance.account_key, posting.account_key) as account_key,
        coalesce(balance.month_date, posting.month_date) as month_date,
        coalesce(balance.balance_days_amount, 0) as balance_days_amount,
        coalesce(balance.closing_balance_amount, 0) as closing_balance_amount,
        coalesce(posting.inflow_amount, 0) as inflow_amount,
        coalesce(posting.outflow_amount, 0) as outflow_amount,
        coalesce(posting.rival_outflow_amount, 0) as rival_outflow_amount,
        coalesce(posting.transaction_count, 0) as transaction_count,
        coalesce(posting.customer_transaction_count, 0) as customer_transaction_count,
        posting.last_customer_transaction_date,
        coalesce(posting.fee_amount, 0) as fee_amount,
        coalesce(posting.transaction_cost_amount, 0) as transaction_cost_amount
    from balance
    full outer join {{ ref('int_account__sum_posting') }} as posting
        on balance.account_key = posting.account_key and balance.month_date = posting.month_date
),

price as (
    select
        account_key,
        month_date,
        {{ total_of('interest_amount') }} as interest_amount,
        {{ total_of(
            'ftp_base_amount + ftp_liquidity_amount + ftp_reserve_amount + ftp_policy_amount'
        ) }} as ftp_amount,
        max(missing_code) as missing_rate_code
    from {{ ref('int_account__price_month') }}
    where method_set_code = '{{ var('base_ftp_method_set') }}'
    group by account_key, month_date
),

-- That of the money it holds, or of what it lacks where it is in the red all the month.
last_price as (
    select
        account_fk,
        month_date,
        coalesce(
            max(case when not is_overdrawn then base_rate + liquidity_rate + reserve_rate + policy_rate end),
            max(base_rate + liquidity_rate + reserve_rate + policy_rate)
        ) as ftp_rate
    from {{ ref('int_account__price_month') }}
    where method_set_code = '{{ var('base_ftp_method_set') }}'
    group by account_fk, month_date
),

-- Keys and rates as at the last day that the month's figures reach to.
described as (
    select
        activity.*,
        {{ month_days('activity.month_date') }} as days_count,
        version.account_fk,
        version.customer_key,
        version.customer_fk,
        version.product_fk,
        version.organisation_fk,
        account.interest_rate,
        account.opened_date,
        version.closed_date,
        last_price.ftp_rate,
        coalesce(price.interest_amount, 0) as interest_amount,
        coalesce(price.ftp_amount, 0) as ftp_amount,
        price.missing_rate_code
    from activity
    inner join history on activity.month_date >= history.first_month_date
    left join {{ ref('bridge_account_version') }} as version
        on activity.account_key = version.account_key
        and {{ as_at('version', month_reached('activity.month_date')) }}
    left join {{ ref('dim_account') }} as account on version.account_fk = account.account_pk
    left join price
        on activity.account_key = price.account_key and activity.month_date = price.month_date
    left join last_price
        on version.account_fk = last_price.account_fk
        and activity.month_date = last_price.month_date
)

select
    cast(coalesce(account_fk, {{ var('unassigned_pk') }}) as bigint) as account_fk,
    cast(account_key as bigint) as account_key,
    cast(coalesce(customer_fk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(coalesce(customer_key, {{ var('unassigned_pk') }}) as bigint) as customer_key,
    cast(coalesce(product_fk, {{ var('unassigned_pk') }}) as bigint) as product_fk,
    cast(coalesce(organisation_fk, {{ var('unassigned_pk') }}) as bigint) as organisation_fk,
    cast(days_count as int) as days_count,
    cast(balance_days_amount as decimal(18, 2)) as balance_days_amount,
    cast({{ average_over('balance_days_amount', 'days_count') }} as decimal(18, 2))
        as average_balance_amount,
    cast(closing_balance_amount as decimal(18, 2)) as closing_balance_amount,
    cast(inflow_amount as decimal(18, 2)) as inflow_amount,
    cast(outflow_amount as decimal(18, 2)) as outflow_amount,
    cast(rival_outflow_amount as decimal(18, 2)) as rival_outflow_amount,
    cast(transaction_count as bigint) as transaction_count,
    cast(customer_transaction_count as bigint) as customer_transaction_count,
    cast(last_customer_transaction_date as date) as last_customer_transaction_date,
    cast(interest_rate as decimal(12, 8)) as interest_rate,
    cast(ftp_rate as decimal(12, 8)) as ftp_rate,
    cast(missing_rate_code is not null as boolean) as is_rate_missing,
    cast(missing_rate_code as {{ t_string() }}) as missing_rate_code,
    cast(interest_amount as decimal(18, 2)) as interest_amount,
    cast(ftp_amount as decimal(18, 2)) as ftp_amount,
    cast(interest_amount + ftp_amount as decimal(18, 2)) as margin_amount,
    cast(fee_amount as decimal(18, 2)) as fee_amount,
    cast(transaction_cost_amount as decimal(18, 2)) as transaction_cost_amount,
    cast(interest_amount + ftp_amount + fee_amount + transaction_cost_amount as decimal(18, 2))
        as contribution_amount,
    cast(coalesce({{ month_first('opened_date') }} = month_date, false) as boolean)
        as is_opened_in_month,
    cast(coalesce({{ month_first('closed_date') }} = month_date, false) as boolean)
        as is_closed_in_month,
    cast(coalesce(closed_date, {{ open_valid_date() }}) > {{ month_reached('month_date') }} as boolean)
        as is_open,
    cast(month_date as date) as month_date
from described
