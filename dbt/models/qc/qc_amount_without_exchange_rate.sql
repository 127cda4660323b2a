-- One row per kind of amount, currency and month that nothing turns into yuan, because no rate of the
-- currency was delivered by the end of the month: the amounts that therefore count nothing. None of them is
-- negative, so that one account's does not hide another's. Of an account's balances it is the month's sum.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('qc_amount_without_exchange_rate') %}
{%- set measured = {
    'provision': 'coalesce(original_provision_amount, 0) + original_used_provision_amount',
    'undrawn': 'coalesce(original_undrawn_amount, 0)',
} %}
with amount as (
    select
        'account' as source_code,
        currency_code,
        month_date,
        abs(original_balance_days_amount) as original_amount,
        1 as item_count
    from {{ ref('fct_account_month') }}
    where original_balance_days_amount <> 0 or original_closing_balance_amount <> 0
    {%- for source, name in {'transaction': 'amount', 'fee': 'fee_amount'}.items() %}
    union all
    select
        '{{ source }}' as source_code,
        currency_code,
        month_date,
        abs({{ name }}) as original_amount,
        transaction_count as item_count
    from {{ ref('fct_transaction') }}
    where {{ name }} <> 0 and booked_date <= {{ business_date() }} and {{ in_rebuilt('month_date', first_month) }}
    {%- endfor %}
    union all
    select
        'accrual' as source_code,
        currency_code,
        month_date,
        abs(original_interest_income_amount) + abs(original_interest_expense_amount) as original_amount,
        1 as item_count
    from {{ ref('int_account__book_interest') }}
    where original_interest_income_amount <> 0 or original_interest_expense_amount <> 0
    {%- for source, total in measured.items() %}
    union all
    select
        '{{ source }}' as source_code,
        currency_code,
        month_date,
        {{ total }} as original_amount,
        1 as item_count
    from {{ ref('int_loan__measure_month') }}
    where {{ total }} <> 0
    {%- endfor %}
    union all
    select
        'ledger' as source_code,
        currency_code,
        month_date,
        abs(original_amount) as original_amount,
        1 as item_count
    from {{ ref('int_profit__list_booking') }}
    where original_amount <> 0
)

select
    cast(amount.source_code as {{ t_string() }}) as source_code,
    cast(amount.currency_code as {{ t_string() }}) as currency_code,
    cast(sum(amount.item_count) as bigint) as item_count,
    cast({{ total_of('amount.original_amount') }} as decimal(18, 2)) as original_amount,
    cast({{ month_days('amount.month_date') }} as int) as days_count,
    cast(amount.month_date as date) as month_date
from amount
left join {{ ref('int_currency__find_rate') }} as exchange
    on amount.currency_code = exchange.currency_code and amount.month_date = exchange.month_date
where
    not {{ is_own_currency('amount.currency_code') }}
    and exchange.currency_code is null
    and {{ in_rebuilt('amount.month_date', first_month) }}
group by amount.source_code, amount.currency_code, amount.month_date
