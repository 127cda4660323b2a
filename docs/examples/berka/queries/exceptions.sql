-- The account-days that differ by more than one crown: when, by how much, and how many interest
-- postings their accounts have on the last day of February and of March 1994.
with day_end as (
    select
        account.account_key,
        posting.booked_date,
        min(abs(posting.balance_after_amount - balance.balance_amount)) as difference_amount
    from dimensional.fct_transaction as posting
    inner join dimensional.dim_account as account on posting.account_fk = account.account_pk
    inner join dimensional.fct_account_balance_interval as balance
        on account.account_key = balance.account_key
        and posting.booked_date >= balance.valid_from_date
        and posting.booked_date < balance.valid_to_date
    group by account.account_key, posting.booked_date
),

interest as (
    select
        account.account_key,
        count(*) filter (where posting.booked_date = date '1994-02-28') as february_count,
        count(*) filter (where posting.booked_date = date '1994-03-31') as march_count,
        max(posting.amount) filter (where posting.booked_date = date '1994-02-28') as february_amount
    from dimensional.fct_transaction as posting
    inner join dimensional.dim_account as account on posting.account_fk = account.account_pk
    inner join dimensional.dim_transaction_type as kind
        on posting.transaction_type_fk = kind.transaction_type_pk
    where kind.transaction_type_code = 'interest_credit'
    group by account.account_key
)

select
    day_end.booked_date,
    interest.february_count as in_february,
    interest.march_count as in_march,
    count(*) as exceptions,
    min(day_end.difference_amount) as smallest,
    max(day_end.difference_amount) as largest,
    sum(interest.february_amount) as interest_february,
    sum(day_end.difference_amount) as difference
from day_end
left join interest on day_end.account_key = interest.account_key
where day_end.difference_amount > 1
group by day_end.booked_date, interest.february_count, interest.march_count
order by day_end.booked_date, interest.march_count
