-- One row per day with postings to accounts that no delivered list of accounts holds.
select
    cast(count(*) as bigint) as transaction_count,
    cast(sum(amount) as decimal(18, 2)) as amount,
    cast(sum(signed_amount) as decimal(18, 2)) as signed_amount,
    cast(booked_date as date) as booked_date
from {{ ref('fct_transaction') }}
where account_fk = {{ var('unassigned_pk') }}
group by booked_date
