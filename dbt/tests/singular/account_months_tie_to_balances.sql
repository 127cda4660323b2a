{{ config(meta={
    'owner': 'data team',
    'message': 'A month of accounts has other balances than the fact of balances. 账户月度与余额事实的积数或余额不一致。',
}) }}
-- One row per currency and month whose account months do not sum to its stretches of balance: balance days,
-- and the balance at the end of the last counted day, both in the currency.
with stretch as (
    select
        balance.month_date,
        coalesce(account.currency_code, '{{ var("own_currency_code") }}') as currency_code,
        sum(balance.balance_amount * balance.days_count) as balance_days_amount,
        sum(
            case
                when balance.valid_to_date = {{ add_days(month_reached('balance.month_date'), 1) }}
                    then balance.balance_amount
                else 0
            end
        ) as closing_amount
    from {{ ref('fct_account_balance_interval') }} as balance
    left join {{ ref('bridge_account_version') }} as version
        on balance.account_key = version.account_key
        and {{ as_at('version', month_reached('balance.month_date')) }}
    left join {{ ref('dim_account') }} as account on version.account_fk = account.account_pk
    where {{ touched('balance.month_date', 'month', always=True) }}
    group by balance.month_date, coalesce(account.currency_code, '{{ var("own_currency_code") }}')
),

account as (
    select
        month_date,
        currency_code,
        sum(original_balance_days_amount) as balance_days_amount,
        sum(original_closing_balance_amount) as closing_amount
    from {{ ref('fct_account_month') }}
    where {{ touched('month_date', 'month', always=True) }}
    group by month_date, currency_code
)

select
    coalesce(account.month_date, stretch.month_date) as month_date,
    coalesce(account.currency_code, stretch.currency_code) as currency_code,
    stretch.balance_days_amount as stretch_days_amount,
    account.balance_days_amount as account_days_amount,
    stretch.closing_amount as stretch_closing_amount,
    account.closing_amount as account_closing_amount
from account
full outer join stretch
    on account.month_date = stretch.month_date
    and account.currency_code = stretch.currency_code
where
    -- A balance on the eve of the first month makes no month of accounts.
    coalesce(account.month_date, stretch.month_date) in (select counted.month_date from account as counted)
    and (
        coalesce(stretch.balance_days_amount, 0) <> coalesce(account.balance_days_amount, 0)
        or coalesce(stretch.closing_amount, 0) <> coalesce(account.closing_amount, 0)
    )
