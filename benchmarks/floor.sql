-- The SQL of floor.py; one step per marker, timed apart. Not a model: DuckDB's own dialect at its plainest.

-- step: dimensions
create table account_version as
select
    row_number() over (order by account_id, delivered_code) as account_fk, account_id, customer_id,
    product_id, organisation_id, manager_id, currency_code, interest_rate, closed_date,
    case when lag(delivered_code) over one is null then date '1900-01-01'
        else strptime(left(delivered_code, 6) || '01', '%Y%m%d')::date end as valid_from_date,
    coalesce(strptime(left(lead(delivered_code) over one, 6) || '01', '%Y%m%d')::date,
        date '9999-12-31') as valid_to_date
from corebank__account
window one as (partition by account_id order by delivered_code);
create table account_now as
select * from account_version where valid_to_date = date '9999-12-31';
create table product as
select product_id, max_by(pillar_code, delivered_code) as pillar_code,
    max_by(day_basis, delivered_code) as day_basis
from corebank__product group by product_id;
create table unit_cost as
select transaction_type_code, channel_code,
    max(base_minutes * standard_minute_amount)::decimal(18, 2) as unit_cost_amount
from read_csv({activity_time}, header = true)
join read_csv({cost_pool_rule}, header = true) using (cost_pool_code) group by all;
create table channel as
select channel_code, row_number() over (order by channel_code) as channel_fk
from (select distinct channel_code from unit_cost);
create table transaction_type as
select transaction_type_code, row_number() over (order by transaction_type_code)
    as transaction_type_fk
from (select distinct transaction_type_code from unit_cost);
create table ftp_month as
select date_trunc('month', curve_date)::date as month_date, currency_code,
    avg(ftp_rate) as ftp_rate
from treasury__ftp_curve where tenor_months = 12 group by all;
create table reach as
select max(booked_date) as business_date, min(booked_date) as first_date
from corebank__transaction;

-- step: transaction fact
create table fct_transaction as
select t.transaction_id, t.booked_date, date_trunc('month', t.booked_date)::date as month_date,
    coalesce(a.account_fk, -1) as account_fk, a.customer_id, a.product_id, a.organisation_id,
    coalesce(c.channel_fk, -1) as channel_fk, coalesce(k.transaction_type_fk, -1)
        as transaction_type_fk, t.account_id,
    t.currency_code, t.initiator_code = 'customer' as is_customer_initiated,
    substr(t.booked_time, 1, 2)::int as transaction_hour, t.amount,
    case when t.direction_code = 'credit' then t.amount else -t.amount end as signed_amount,
    coalesce(t.fee_amount, 0) as fee_amount, t.balance_after_amount, t.counterparty_bank_name,
    t.transaction_type_code, t.channel_code
from corebank__transaction t
left join account_version a on t.account_id = a.account_id
    and t.booked_date >= a.valid_from_date and t.booked_date < a.valid_to_date
left join channel c on t.channel_code = c.channel_code
left join transaction_type k on t.transaction_type_code = k.transaction_type_code;

-- step: balance intervals
create table fct_account_balance_interval as
with stretch as (
    select account_id, balance_date as from_date, balance_amount,
        coalesce(lead(balance_date) over (partition by account_id order by balance_date),
            (select business_date + 1 from reach)) as to_date
    from corebank__balance
), cut as (
    select account_id, from_date, to_date, balance_amount,
        unnest(generate_series(date_trunc('month', from_date),
            date_trunc('month', to_date - 1), interval 1 month))::date as month_date
    from stretch where to_date > from_date
)
select a.account_fk, a.customer_id, a.product_id, a.organisation_id, cut.account_id,
    cut.month_date, greatest(cut.from_date, cut.month_date) as valid_from_date,
    least(cut.to_date, (cut.month_date + interval 1 month)::date) as valid_to_date,
    cut.balance_amount
from cut left join account_version a on cut.account_id = a.account_id
    and cut.from_date >= a.valid_from_date and cut.from_date < a.valid_to_date
left join account_now n on cut.account_id = n.account_id
-- A closed, empty account is not carried on.
where not (cut.balance_amount = 0 and cut.month_date > cut.from_date
    and coalesce(n.closed_date, date '9999-12-31') < cut.month_date);

-- step: account months
create table fct_account_month as
with balance as (
    select account_id, month_date, sum(balance_amount * (valid_to_date - valid_from_date))
            as balance_days_amount,
        max_by(balance_amount, valid_from_date) as closing_balance_amount
    from fct_account_balance_interval
    -- The first file opens with the balances of the day before: not a month of its own.
    where month_date >= (select date_trunc('month', first_date) from reach)
    group by all
), flow as (
    select t.account_id, t.month_date,
        sum(case when signed_amount > 0 then signed_amount else 0 end) as inflow_amount,
        sum(case when signed_amount < 0 then -signed_amount else 0 end) as outflow_amount,
        count(*) as transaction_count,
        count(*) filter (where is_customer_initiated) as customer_transaction_count,
        max(booked_date) filter (where is_customer_initiated) as last_customer_transaction_date,
        sum(fee_amount) as fee_amount, -sum(coalesce(u.unit_cost_amount, 0))
            as transaction_cost_amount
    from fct_transaction t left join unit_cost u
        on t.transaction_type_code = u.transaction_type_code and t.channel_code = u.channel_code
    group by all
)
select account_id, month_date, a.account_fk, a.customer_id, a.product_id, a.organisation_id,
    p.pillar_code, b.balance_days_amount, b.closing_balance_amount, f.inflow_amount,
    f.outflow_amount, f.transaction_count, f.customer_transaction_count,
    f.last_customer_transaction_date, coalesce(f.fee_amount, 0) as fee_amount,
    coalesce(f.transaction_cost_amount, 0) as transaction_cost_amount,
    coalesce(b.balance_days_amount / (least(last_day(month_date),
        (select business_date from reach)) - month_date + 1), 0)::decimal(18, 2)
        as average_balance_amount,
    coalesce(b.balance_days_amount * (a.interest_rate - r.ftp_rate)
        * case when p.pillar_code = 'asset' then 1 else -1 end / coalesce(p.day_basis, 360), 0)
        ::decimal(18, 2) as margin_amount
from balance b full outer join flow f using (account_id, month_date)
left join account_now a using (account_id)
left join product p using (product_id)
left join ftp_month r using (month_date, currency_code);

-- step: customer profit and rank
create table customer_month as
with month as (
    select customer_id, month_date, any_value(organisation_id) as organisation_id,
        sum(case when pillar_code = 'liability' then average_balance_amount else 0 end)
            as average_deposit_amount,
        sum(case when pillar_code = 'asset' then average_balance_amount else 0 end)
            as average_loan_amount,
        sum(margin_amount) as margin_amount, sum(fee_amount) as fee_amount,
        sum(transaction_cost_amount) as transaction_cost_amount,
        sum(margin_amount + fee_amount + transaction_cost_amount) as contribution_amount
    from fct_account_month group by customer_id, month_date
)
select *, rank() over (partition by month_date order by contribution_amount desc, customer_id)
        as contribution_rank,
    sum(contribution_amount) over (partition by month_date order by contribution_amount desc,
        customer_id) / nullif(sum(contribution_amount) over (partition by month_date), 0)
        as cumulative_share
from month;
