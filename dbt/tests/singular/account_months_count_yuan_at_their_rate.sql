{{ config(meta={
    'owner': 'finance',
    'message': 'A balance of an account in yuan is not its original times its rate. 账户月度的人民币余额不等于原币乘以汇率。',
}) }}
-- One row per account and month whose balances in yuan are not those in its currency at its rate, to half a
-- fen, or anything at all where there is no rate. Yuan are themselves. The price is of 100 units.
select
    account_key,
    month_date,
    currency_code,
    exchange_price,
    original_balance_days_amount,
    balance_days_amount,
    original_closing_balance_amount,
    closing_balance_amount
from {{ ref('fct_account_month') }}
where
    {{ touched('month_date', 'month', always=True) }}
    and not case
        when currency_code = '{{ var("own_currency_code") }}'
            then
                balance_days_amount = original_balance_days_amount
                and closing_balance_amount = original_closing_balance_amount
        when exchange_price is null then balance_days_amount = 0 and closing_balance_amount = 0
        else
            abs(original_balance_days_amount * exchange_price - 100 * balance_days_amount) <= 0.5
            and abs(original_closing_balance_amount * exchange_price - 100 * closing_balance_amount) <= 0.5
    end
