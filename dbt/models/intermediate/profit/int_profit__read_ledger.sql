-- One row per unit, statement line and month: what the ledger booked as income and expense, in yuan, + for
-- income. Each currency's sum is turned into yuan once.
with rebuilt as (
    select min(month_date) as first_month_date from {{ ref('int_account__divide_month') }}
),

-- An account that the map does not know is taken for what accounts of its first digit are.
result_digit as (
    select distinct substr(gl_account_prefix, 1, 1) as first_digit
    from {{ ref('gl_account_map') }}
    where statement_side_code in ('income', 'expense')
),

booked as (
    select
        balance.organisation_id,
        balance.organisation_fk,
        coalesce(balance.statement_line_code, 'unmapped') as statement_line_code,
        balance.currency_code,
        {{ total_of('balance.credit_amount - balance.debit_amount') }} as original_amount,
        balance.month_date
    from {{ ref('fct_ledger_balance_month') }} as balance
    inner join rebuilt on balance.month_date >= rebuilt.first_month_date
    left join result_digit on substr(balance.gl_account_code, 1, 1) = result_digit.first_digit
    where
        balance.statement_side_code in ('income', 'expense')
        or (balance.statement_side_code is null and result_digit.first_digit is not null)
    group by
        balance.organisation_id, balance.organisation_fk, coalesce(balance.statement_line_code, 'unmapped'),
        balance.currency_code, balance.month_date
)

select
    cast(booked.organisation_id as {{ t_string() }}) as organisation_id,
    cast(booked.organisation_fk as bigint) as organisation_fk,
    cast(booked.statement_line_code as {{ t_string() }}) as statement_line_code,
    cast(
        {{ total_of(in_yuan('booked.original_amount', 'booked.currency_code', 'exchange.exchange_price')) }}
        as decimal(18, 2)
    ) as ledger_amount,
    cast(booked.month_date as date) as month_date
from booked
left join {{ ref('int_currency__find_rate') }} as exchange
    on {{ foreign_currency('booked.currency_code') }} = exchange.currency_code
    and booked.month_date = exchange.month_date
group by booked.organisation_id, booked.organisation_fk, booked.statement_line_code, booked.month_date
