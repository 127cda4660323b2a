-- What the bank's first months look like.
select
    month_date,
    count(*) as accounts,
    sum(average_balance_amount) as average_balance,
    sum(inflow_amount) as inflow,
    sum(outflow_amount) as outflow,
    sum(transaction_count) as postings
from dimensional.fct_account_month
group by month_date
order by month_date
