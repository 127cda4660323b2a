-- One row per unit, ledger account, currency and month that is income or expense: what the ledger booked, in
-- the currency, + for income.
with rebuilt as (
    select min(month_date) as first_month_date from {{ ref('int_account__divide_month') }}
),

-- An account that the map does not know is taken for what accounts of its first digit are.
result_digit as (
    select distinct substr(gl_account_prefix, 1, 1) as first_digit
    from {{ ref('gl_account_map') }}
    where statement_side_code in ('income', 'expense')
)

select
    cast(balance.organisation_id as {{ t_string() }}) as organisation_id,
    cast(balance.organisation_fk as bigint) as organisation_fk,
    cast(balance.gl_account_code as {{ t_string() }}) as gl_account_code,
    cast(coalesce(balance.statement_line_code, 'unmapped') as {{ t_string() }}) as statement_line_code,
    cast(balance.currency_code as {{ t_string() }}) as currency_code,
    cast({{ total_of('balance.credit_amount - balance.debit_amount') }} as decimal(18, 2)) as original_amount,
    cast(balance.month_date as date) as month_date
from {{ ref('fct_ledger_balance_month') }} as balance
inner join rebuilt on balance.month_date >= rebuilt.first_month_date
left join result_digit on substr(balance.gl_account_code, 1, 1) = result_digit.first_digit
where
    balance.statement_side_code in ('income', 'expense')
    or (balance.statement_side_code is null and result_digit.first_digit is not null)
group by
    balance.organisation_id, balance.organisation_fk, balance.gl_account_code,
    coalesce(balance.statement_line_code, 'unmapped'), balance.currency_code, balance.month_date
