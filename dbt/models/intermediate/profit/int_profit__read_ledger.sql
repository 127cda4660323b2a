-- One row per unit, statement line and month: what the ledger booked as income and expense, in yuan, + for
-- income. Each currency's sum is turned into yuan once.
with booked as (
    select
        organisation_id,
        organisation_fk,
        statement_line_code,
        currency_code,
        {{ total_of('original_amount') }} as original_amount,
        month_date
    from {{ ref('int_profit__list_booking') }}
    group by organisation_id, organisation_fk, statement_line_code, currency_code, month_date
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
