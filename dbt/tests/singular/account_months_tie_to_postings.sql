{{ config(meta={
    'owner': 'data team',
    'message': 'A month of accounts has other postings than the fact of postings. 账户月度与交易事实的笔数或金额不一致。',
}) }}
-- One row per month whose account months do not sum to its postings, postings to unknown accounts
-- included.
with posting as (
    select
        posting.month_date,
        sum(posting.transaction_count) as transaction_count,
        sum({{ in_yuan('posting.signed_amount', 'posting.currency_code', 'exchange.exchange_price') }})
            as signed_amount,
        sum({{ in_yuan('posting.fee_amount', 'posting.currency_code', 'exchange.exchange_price') }}) as fee_amount
    from {{ ref('fct_transaction') }} as posting
    left join {{ ref('int_currency__find_rate') }} as exchange
        on posting.currency_code = exchange.currency_code and posting.month_date = exchange.month_date
    where
        posting.booked_date <= {{ business_date() }}
        and {{ touched('posting.month_date', 'month', always=True) }}
    group by posting.month_date
),

account as (
    select
        month_date,
        sum(transaction_count) as transaction_count,
        sum(inflow_amount - outflow_amount) as signed_amount,
        sum(fee_amount) as fee_amount
    from {{ ref('fct_account_month') }}
    where {{ touched('month_date', 'month', always=True) }}
    group by month_date
)

select
    posting.month_date,
    posting.transaction_count,
    account.transaction_count as account_transaction_count,
    posting.signed_amount,
    account.signed_amount as account_signed_amount,
    posting.fee_amount,
    account.fee_amount as account_fee_amount
from posting
left join account on posting.month_date = account.month_date
where
    account.month_date is null
    or posting.transaction_count <> account.transaction_count
    or posting.signed_amount <> account.signed_amount
    or posting.fee_amount <> account.fee_amount
