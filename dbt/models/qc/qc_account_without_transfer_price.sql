-- One row per account and month with a balance whose rate or transfer price is not known.
select
    cast(account_key as bigint) as account_key,
    cast(account_fk as bigint) as account_fk,
    cast(product_fk as bigint) as product_fk,
    cast(organisation_fk as bigint) as organisation_fk,
    cast(missing_rate_code as {{ t_string() }}) as reason_code,
    cast(currency_code as {{ t_string() }}) as currency_code,
    cast(original_balance_days_amount as decimal(18, 2)) as original_balance_days_amount,
    cast(balance_days_amount as decimal(18, 2)) as balance_days_amount,
    cast(month_date as date) as month_date
from {{ ref('fct_account_month') }}
where is_rate_missing
