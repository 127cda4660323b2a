{{ config(meta={
    'owner': 'data team',
    'message': 'A month of accounts has other balances than the fact of balances. 账户月度与余额事实的积数或余额不一致。',
}) }}
-- One row per month whose account months do not sum to its stretches of balance: yuan-days, and the
-- balance at the end of the last counted day, each in its own currency.
with stretch as (
    select
        month_date,
        sum(balance_amount * days_count) as balance_days_amount,
        sum(
            case
                when valid_to_date = {{ add_days(month_reached('month_date'), 1) }}
                    then balance_amount
                else 0
            end
        ) as closing_amount
    from {{ ref('fct_account_balance_interval') }}
    where {{ touched('month_date', 'month', always=True) }}
    group by month_date
),

account as (
    select
        month_date,
        sum(original_balance_days_amount) as balance_days_amount,
        sum(original_closing_balance_amount) as closing_amount
    from {{ ref('fct_account_month') }}
    where {{ touched('month_date', 'month', always=True) }}
    group by month_date
)

select
    account.month_date,
    stretch.balance_days_amount as stretch_days_amount,
    account.balance_days_amount as account_days_amount,
    stretch.closing_amount as stretch_closing_amount,
    account.closing_amount as account_closing_amount
from account
left join stretch on account.month_date = stretch.month_date
where
    coalesce(stretch.balance_days_amount, 0) <> account.balance_days_amount
    or coalesce(stretch.closing_amount, 0) <> account.closing_amount
