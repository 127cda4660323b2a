-- How far the end-of-day balance computed from the postings is from a balance the bank printed.
-- The bank's file does not say which posting of a day was the last, so the printed balance nearest
-- to the computed one counts; the second half repeats it for days with a single posting, where
-- nothing is left to choose.
with day_end as (
    select
        account.account_key,
        posting.booked_date,
        count(*) as posting_count,
        min(abs(posting.balance_after_amount - balance.balance_amount)) as difference_amount
    from dimensional.fct_transaction as posting
    inner join dimensional.dim_account as account on posting.account_fk = account.account_pk
    inner join dimensional.fct_account_balance_interval as balance
        on account.account_key = balance.account_key
        and posting.booked_date >= balance.valid_from_date
        and posting.booked_date < balance.valid_to_date
    group by account.account_key, posting.booked_date
),

chosen as (
    select 1 as sort_number, 'all account-days' as account_days, difference_amount from day_end
    union all
    select 2 as sort_number, 'with one posting' as account_days, difference_amount
    from day_end
    where posting_count = 1
)

select
    account_days,
    count(*) as days,
    count(*) filter (where difference_amount = 0) as equal,
    count(*) filter (where difference_amount > 0 and difference_amount <= 1) as within_crown,
    count(*) filter (where difference_amount > 1) as exceptions,
    max(difference_amount) filter (where difference_amount <= 1) as largest_within
from chosen
group by sort_number, account_days
order by sort_number
