-- One row per day and currency with postings to accounts that no delivered list of accounts holds.
select
    cast(count(*) as bigint) as transaction_count,
    cast(currency_code as {{ t_string() }}) as currency_code,
    cast({{ total_of('amount') }} as decimal(18, 2)) as amount,
    cast({{ total_of('signed_amount') }} as decimal(18, 2)) as signed_amount,
    cast(booked_date as date) as booked_date
from {{ ref('fct_transaction') }}
where account_fk = {{ var('unassigned_pk') }}
group by booked_date, currency_code
