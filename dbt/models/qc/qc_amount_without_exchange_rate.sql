-- One row per kind of amount, currency and month that nothing turns into yuan, because no rate of the
-- currency was delivered by the end of the month: the amounts that therefore count nothing.
with amount as (
    select
        'account' as source_code,
        account_month.currency_code,
        account_month.month_date,
        account_month.original_closing_balance_amount as original_amount,
        1 as item_count
    from {{ ref('fct_account_month') }} as account_month
    where not {{ is_own_currency('account_month.currency_code') }}
    union all
    select
        'transaction' as source_code,
        currency_code,
        month_date,
        signed_amount as original_amount,
        transaction_count as item_count
    from {{ ref('fct_transaction') }}
    where not {{ is_own_currency('currency_code') }} and booked_date <= {{ business_date() }}
    union all
    select
        'ledger' as source_code,
        currency_code,
        month_date,
        credit_amount - debit_amount as original_amount,
        1 as item_count
    from {{ ref('fct_ledger_balance_month') }}
    where
        not {{ is_own_currency('currency_code') }}
        and statement_side_code in ('income', 'expense')
        and month_date <= {{ date_literal(business_month()) }}
)

select
    cast(amount.source_code as {{ t_string() }}) as source_code,
    cast(amount.currency_code as {{ t_string() }}) as currency_code,
    cast(sum(amount.item_count) as bigint) as item_count,
    cast({{ total_of('amount.original_amount') }} as decimal(18, 2)) as original_amount,
    cast(amount.month_date as date) as month_date
from amount
left join {{ ref('int_currency__find_rate') }} as exchange
    on amount.currency_code = exchange.currency_code and amount.month_date = exchange.month_date
where exchange.currency_code is null
group by amount.source_code, amount.currency_code, amount.month_date
