-- One row per account and month in which it held a balance, was posted to, bore interest or was measured
-- by the risk system, in yuan.
{{ partitioned_from_month('month_date') }}
with price as (
    select
        account_key,
        month_date,
        {{ total_of("case when pillar_code = 'asset' then interest_amount else 0 end") }}
            as interest_income_amount,
        {{ total_of("case when pillar_code = 'asset' then 0 else interest_amount end") }}
            as interest_expense_amount,
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
        account.currency_code,
        exchange.exchange_price,
        account.interest_rate,
        account.opened_date,
        version.closed_date,
        last_price.ftp_rate,
        coalesce(price.interest_income_amount, 0) as priced_income_amount,
        coalesce(price.interest_expense_amount, 0) as priced_expense_amount,
        coalesce(price.ftp_amount, 0) as ftp_amount,
        -- Money that bears interest of a product that is neither deposit nor loan, or on no list.
        case
            when price.account_key is not null then price.missing_rate_code
            when
                activity.original_balance_days_amount <> 0
                and (
                    coalesce(account.interest_rate, 0) <> 0
                    or activity.interest_income_amount <> 0
                    or activity.interest_expense_amount <> 0
                ) then 'no_rule'
        end as missing_rate_code
    from {{ ref('int_account__sum_month') }} as activity
    left join {{ ref('bridge_account_version') }} as version
        on activity.account_key = version.account_key
        and {{ as_at('version', month_reached('activity.month_date')) }}
    left join {{ ref('dim_account') }} as account on version.account_fk = account.account_pk
    left join {{ ref('int_currency__find_rate') }} as exchange
        on {{ foreign_currency('account.currency_code') }} = exchange.currency_code
        and activity.month_date = exchange.month_date
    left join price
        on activity.account_key = price.account_key and activity.month_date = price.month_date
    left join last_price
        on version.account_fk = last_price.account_fk
        and activity.month_date = last_price.month_date
),

-- Postings and booked interest are in yuan already.
translated as (
    select
        described.*,
        -- Of an account that lacks a price only what is priced counts, whatever is booked.
        {%- for side in ['income', 'expense'] %}
        case
            when is_interest_booked and missing_rate_code is null then interest_{{ side }}_amount
            else priced_{{ side }}_amount
        end as counted_{{ side }}_amount,
        {%- endfor %}
        {{ in_yuan('original_balance_days_amount', 'currency_code', 'exchange_price') }} as balance_days_amount,
        {{ in_yuan('original_closing_balance_amount', 'currency_code', 'exchange_price') }}
            as closing_balance_amount
    from described
)

select
    cast(coalesce(account_fk, {{ var('unassigned_pk') }}) as bigint) as account_fk,
    cast(account_key as bigint) as account_key,
    cast(coalesce(customer_fk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(coalesce(customer_key, {{ var('unassigned_pk') }}) as bigint) as customer_key,
    cast(coalesce(product_fk, {{ var('unassigned_pk') }}) as bigint) as product_fk,
    cast(coalesce(organisation_fk, {{ var('unassigned_pk') }}) as bigint) as organisation_fk,
    cast(coalesce(currency_code, '{{ var("own_currency_code") }}') as {{ t_string() }}) as currency_code,
    cast(exchange_price as decimal(18, 4)) as exchange_price,
    cast(days_count as int) as days_count,
    cast(original_balance_days_amount as decimal(18, 2)) as original_balance_days_amount,
    cast({{ average_over('original_balance_days_amount', 'days_count') }} as decimal(18, 2))
        as original_average_balance_amount,
    cast(original_closing_balance_amount as decimal(18, 2)) as original_closing_balance_amount,
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
    cast(case when is_interest_booked then 'ledger' else 'contract' end as {{ t_string() }}) as interest_source_code,
    cast(counted_income_amount as decimal(18, 2)) as interest_income_amount,
    cast(counted_expense_amount as decimal(18, 2)) as interest_expense_amount,
    cast(ftp_amount as decimal(18, 2)) as ftp_amount,
    cast(counted_income_amount + counted_expense_amount + ftp_amount as decimal(18, 2)) as margin_amount,
    cast(fee_amount as decimal(18, 2)) as fee_amount,
    cast(transaction_cost_amount as decimal(18, 2)) as transaction_cost_amount,
    cast(direct_cost_amount as decimal(18, 2)) as direct_cost_amount,
    cast(
        counted_income_amount + counted_expense_amount + ftp_amount + fee_amount
        + transaction_cost_amount as decimal(18, 2)
    ) as contribution_amount,
    cast(coalesce({{ month_first('opened_date') }} = month_date, false) as boolean)
        as is_opened_in_month,
    cast(coalesce({{ month_first('closed_date') }} = month_date, false) as boolean)
        as is_closed_in_month,
    cast(coalesce(closed_date, {{ open_valid_date() }}) > {{ month_reached('month_date') }} as boolean)
        as is_open,
    cast(month_date as date) as month_date
from translated
