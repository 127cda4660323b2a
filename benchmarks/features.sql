-- The floor of the features: the same joins and sums as one bare script. Reads a published generation
-- attached as crm; writes one row per customer and observation date. No tests, no contracts, no exact
-- ratios, nothing replaced in parts.

-- step: what is observed
create table observed as
select r.customer_key, r.customer_fk, r.month_date, r.observation_date
from crm.dimensional.fct_customer_rolling_month r
where r.has_something_to_lose and r.customer_key <> -1;

-- step: channels
create table channel as
with posted as (
    select c.customer_key, t.month_date, count(*) n,
        count(*) filter (h.channel_group_code = 'branch') branch,
        count(*) filter (h.channel_group_code = 'remote') remote
    from crm.dimensional.fct_transaction t
    join crm.dimensional.dim_customer c on t.customer_fk = c.customer_pk
    join crm.dimensional.dim_channel h on t.channel_fk = h.channel_pk
    where t.is_customer_initiated
    group by all
)
select m.customer_key, m.month_date, sum(n) over w n, sum(branch) over w branch, sum(remote) over w remote,
    sum(n) over e earlier_n, sum(branch) over e earlier_branch
from crm.dimensional.fct_customer_month m
left join posted p on m.customer_key = p.customer_key and m.month_date = p.month_date
window w as (partition by m.customer_key order by m.month_date rows between 2 preceding and current row),
    e as (partition by m.customer_key order by m.month_date rows between 5 preceding and 3 preceding);

-- step: money
create table money as
with account as (
    select a.customer_key, a.month_date, p.pillar_code, p.product_id, a.currency_code,
        a.closing_balance_amount::double amount, a.interest_rate::double rate, d.opened_date, d.maturity_date,
        least(last_day(a.month_date), getvariable('business_date')) as day
    from crm.dimensional.fct_account_month a
    join crm.dimensional.dim_product p on a.product_fk = p.product_pk
    join crm.dimensional.dim_account d on a.account_fk = d.account_pk
    where a.closing_balance_amount > 0
),
offered as (
    select product_id, currency_code, month_date, avg(rate) rate from account
    where pillar_code = 'liability' and opened_date <= day and opened_date > day - 90 group by all
)
select a.customer_key, a.month_date,
    sum(amount) filter (pillar_code = 'liability') deposit,
    sum(amount) filter (pillar_code = 'liability' and maturity_date is null) demand,
    sum(amount) filter (pillar_code = 'liability' and maturity_date > day and maturity_date <= day + 30) in_30d,
    sum(amount) filter (pillar_code = 'liability' and maturity_date > day and maturity_date <= day + 90) in_90d,
    sum(amount) filter (pillar_code = 'asset' and maturity_date > day and maturity_date <= day + 90) loan_90d,
    sum(amount * (a.rate - o.rate)) / sum(amount) filter (o.rate is not null) gap
from account a left join offered o using (product_id, currency_code, month_date)
group by all;

-- step: loans
create table loan as
with lent as (
    select customer_key, month_date, max(told_overdue_days) overdue, min(told_five_class_code) grade
    from crm.dimensional.fct_exposure_month
    where five_class_code is not null and ead_amount > 0
    group by all
),
repaid as (
    select l.customer_key, l.month_date, count(*) filter (r.late_days > 0) late, max(r.late_days) longest,
        sum(r.penalty_amount) penalty
    from lent l
    join crm.dimensional.fct_repayment r on l.customer_key = r.customer_key
        and r.month_date <= l.month_date and r.month_date > l.month_date - interval 6 month
    group by all
)
select * from lent left join repaid using (customer_key, month_date);

-- step: movements
create table moved as
select customer_key, month_date, deposit_closing_amount, lag(deposit_closing_amount) over by_month as earlier,
    max(deposit_closing_amount) over half_year as peak, stddev(deposit_closing_amount) over half_year as spread,
    lag(deposit_closing_amount, 3) over by_month as three_ago, lag(deposit_closing_amount, 6) over by_month as six_ago
from crm.dimensional.fct_customer_month
window by_month as (partition by customer_key order by month_date),
    half_year as (partition by customer_key order by month_date rows between 5 preceding and current row);

-- step: contacts
create table moment as select distinct month_date, observation_date from observed;
create table complained as
select c.customer_key, d.month_date, count(*) filter (coalesce(first_closed_date > observation_date, true)) n,
    count(*) filter (reply_due_date < observation_date and coalesce(replied_date > observation_date, true)) late,
    min(received_date) oldest, min(satisfaction_score) score
from crm.dimensional.fct_complaint c
join moment d on c.received_date <= d.observation_date and c.delivered_date <= d.observation_date
group by all;
create table visit as
select c.customer_key, v.visited_date, v.entered_date, v.denied_date
from crm.dimensional.fct_visit v join crm.dimensional.dim_customer c on v.customer_fk = c.customer_pk
where v.is_acceptable;
create table visited as
select v.customer_key, d.month_date, max(v.visited_date) last_date from visit v
join moment d on v.visited_date <= d.observation_date and v.entered_date <= d.observation_date
group by all;
create table owed as
with due as (
    select r.customer_key, r.period_start_date, d.month_date, max(r.required_count) due
    from crm.dimensional.fct_visit_requirement r
    join moment d on r.period_end_date <= d.observation_date and r.period_end_date > d.observation_date - 90
    where r.required_count > 0
    group by all
),
met as (
    select r.customer_key, r.period_start_date, d.month_date, count(distinct v.visited_date) done
    from crm.dimensional.fct_visit_requirement r
    join moment d on r.period_end_date <= d.observation_date and r.period_end_date > d.observation_date - 90
    join visit v on r.customer_key = v.customer_key
        and v.visited_date between r.period_start_date and r.period_end_date
        and v.entered_date <= d.observation_date and coalesce(v.denied_date > d.observation_date, true)
    where r.required_count > 0
    group by all
)
select customer_key, month_date, sum(due) due, sum(greatest(due - coalesce(done, 0), 0)) missed
from due left join met using (customer_key, period_start_date, month_date) group by all;
create table happened as
select e.customer_key, d.month_date, count(*) filter (event_code = 'large_inflow') inflow,
    count(*) filter (event_code = 'large_outflow') outflow, count(*) filter (event_code = 'rival_outflow') rival,
    count(*) filter (event_code = 'deposit_maturity') maturity, count(*) filter (event_code like 'salary%') salary
from crm.dimensional.fct_customer_event e
join moment d on e.event_date <= d.observation_date and e.event_date > d.observation_date - 90
group by all;
create table managed as
select b.customer_key, d.month_date, count(*) n from crm.dimensional.bridge_customer_manager b
join moment d on b.valid_from_date <= d.observation_date group by all;

-- step: neighbours and files
create table state as
select r.customer_key, r.month_date, c.district_fk, c.population_type_code, e.has_something_to_lose stayed,
    e.has_something_to_lose and (r.is_churned_hard or r.is_churned_soft) lost
from crm.dimensional.fct_customer_rolling_month r
left join crm.dimensional.fct_customer_rolling_month e
    on r.customer_key = e.customer_key and r.month_date = e.month_date + interval 3 month
left join crm.dimensional.dim_customer c on r.customer_fk = c.customer_pk;
create table district as
select district_fk, population_type_code, month_date, count(*) filter (lost) / count(*) filter (stayed) as lost_share
from state group by all;
create table kin as
select g.customer_key, s.month_date, count(*) n, count(*) filter (s.lost) lost
from crm.dimensional.bridge_customer_group g
join crm.dimensional.bridge_customer_group o on g.group_id = o.group_id and g.customer_key <> o.customer_key
join state s on o.customer_key = s.customer_key
group by all;
create table told as
select t.customer_key, d.month_date, max(value_code) filter (attribute_code = 'income_band') income,
    max(value_code) filter (attribute_code = 'asset_band') asset, max(value_amount) amount
from crm.dimensional.fct_customer_attribute t
join moment d on d.observation_date >= t.valid_from_date and d.observation_date < t.valid_to_date
    and d.observation_date >= t.known_from_date and d.observation_date < t.known_to_date
group by all;

-- step: one row per customer and date
create table feature as
select o.customer_key, o.observation_date, c.party_type_code, c.population_type_code, c.level_code, c.birth_year,
    c.opened_date, r.* exclude (customer_key, customer_fk, month_date, observation_date),
    m.* exclude (customer_key, customer_fk, month_date, observation_date),
    v.* exclude (customer_key, month_date), y.* exclude (customer_key, month_date),
    h.* exclude (customer_key, month_date), p.* exclude (customer_key, month_date),
    w.* exclude (customer_key, month_date), z.* exclude (customer_key, month_date),
    l.* exclude (customer_key, month_date),
    g.n managers, s.last_date, k.n kin, k.lost as kin_lost, d.lost_share, t.income, t.asset, t.amount
from observed o
join crm.dimensional.fct_customer_rolling_month r using (customer_key, month_date)
join crm.dimensional.fct_customer_month m using (customer_key, month_date)
left join crm.dimensional.dim_customer c on o.customer_fk = c.customer_pk
left join moved v using (customer_key, month_date)
left join money y using (customer_key, month_date)
left join channel h using (customer_key, month_date)
left join loan l using (customer_key, month_date)
left join complained p using (customer_key, month_date)
left join owed w using (customer_key, month_date)
left join happened z using (customer_key, month_date)
left join managed g using (customer_key, month_date)
left join visited s using (customer_key, month_date)
left join kin k using (customer_key, month_date)
left join told t using (customer_key, month_date)
left join district d on c.district_fk = d.district_fk and c.population_type_code = d.population_type_code
    and o.month_date = d.month_date;
