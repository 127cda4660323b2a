-- The floor of the profit stage: the same joins and sums as one bare script. Reads a published
-- generation attached as crm; writes what the statement of profit and its reconciliation hold.
-- No tests, no variants beyond the published rule sets, no causes but the plain ones.

-- step: parts of holders
create table part as
with month as (
    select account_key, account_fk, customer_key, customer_fk, product_fk, organisation_fk,
        month_date, last_day(month_date) as last_date, interest_income_amount,
        interest_expense_amount, ftp_amount, fee_amount, direct_cost_amount,
        transaction_cost_amount - direct_cost_amount as indirect_cost_amount
    from crm.dimensional.fct_account_month
),
joint as (
    select account_key, customer_key, share_rate, valid_from_date, valid_to_date
    from crm.dimensional.bridge_account_holder
    where share_rate > 0 and share_rate < 1
),
held as (
    select m.account_key, m.month_date, j.customer_key, j.share_rate
    from month m join joint j on m.account_key = j.account_key
        and least(m.last_date, getvariable('business_date')) >= j.valid_from_date
        and least(m.last_date, getvariable('business_date')) < j.valid_to_date
)
select m.* replace (coalesce(h.customer_key, m.customer_key) as customer_key),
    coalesce(h.share_rate, 1) as share_rate
from month m left join held h on m.account_key = h.account_key and m.month_date = h.month_date;

-- step: losses, capital and visits
create table charge as
select e.account_key, e.month_date, 'expected_loss' as line, 'expected' as variant,
    e.expected_loss_amount as amount
from crm.dimensional.fct_exposure_month e
union all
select coalesce(n.account_key, b.account_key),
    coalesce(n.month_date, b.month_date + interval 1 month)::date, 'expected_loss', 'provision',
    coalesce(b.provision_amount, 0) - coalesce(n.provision_amount, 0)
from crm.dimensional.fct_exposure_month n
full join crm.dimensional.fct_exposure_month b
    on n.account_key = b.account_key and n.month_date = b.month_date + interval 1 month
union all
select e.account_key, e.month_date, 'capital_charge', 'any',
    (-e.risk_weighted_amount * (r.capital_ratio_rate * r.hurdle_rate)::decimal(12, 8) / 12)
        ::decimal(18, 2)
from crm.dimensional.fct_exposure_month e
cross join (select any_value(capital_ratio_rate) as capital_ratio_rate,
    any_value(hurdle_rate) as hurdle_rate from crm.rule.profit_rule_set
    where rule_set_code = 'base') r;
create table visited as
select customer_key, month_date, sum(direct_cost_amount)::decimal(18, 2) as direct_amount,
    sum(cost_amount - direct_cost_amount)::decimal(18, 2) as indirect_amount
from crm.dimensional.fct_activity_cost_month where customer_key <> -1 group by all;

-- step: lines of accounts by rule set
create table statement as
with line as (
    select account_key, customer_key, organisation_fk, month_date, unnest([
        {'line': 'interest_income', 'amount': interest_income_amount},
        {'line': 'interest_expense', 'amount': interest_expense_amount},
        {'line': 'ftp', 'amount': ftp_amount},
        {'line': 'fee_income', 'amount': fee_amount},
        {'line': 'direct_cost', 'amount': direct_cost_amount},
        {'line': 'indirect_cost', 'amount': indirect_cost_amount},
        {'line': 'surtax', 'amount':
            (-(interest_income_amount + fee_amount) * 0.0036)::decimal(18, 2)}
    ], recursive := true), share_rate, 'any' as variant
    from part
    union all by name
    select c.account_key, p.customer_key, p.organisation_fk, c.month_date, c.line, c.amount,
        p.share_rate, c.variant
    from charge c join part p on c.account_key = p.account_key and c.month_date = p.month_date
    union all by name
    select -1 as account_key, customer_key, -1 as organisation_fk, month_date, unnest([
        {'line': 'direct_cost', 'amount': direct_amount},
        {'line': 'indirect_cost', 'amount': indirect_amount}
    ], recursive := true), 1 as share_rate, 'any' as variant
    from visited
)
select account_key, customer_key, organisation_fk, month_date, r.rule_set_code, line,
    (amount * share_rate)::decimal(18, 2) as amount
from line
join crm.rule.profit_rule_set r
    on r.is_published and line.variant in ('any', r.loss_method_code)
where amount <> 0;

-- step: income tax, keys and the whole fact
create table fct_profit_month as
with tax as (
    select account_key, customer_key, organisation_fk, month_date, rule_set_code,
        'income_tax' as line, (-0.25 * sum(amount))::decimal(18, 2) as amount
    from statement where line <> 'capital_charge' group by all
)
select coalesce(p.account_fk, -1) as account_fk, s.account_key,
    coalesce(p.customer_fk, -1) as customer_fk, s.customer_key,
    coalesce(p.product_fk, -1) as product_fk, s.organisation_fk, s.rule_set_code, s.line, s.amount,
    s.month_date
from (from statement union all by name from tax) s
left join part p on s.account_key = p.account_key and s.customer_key = p.customer_key
    and s.month_date = p.month_date;

-- step: reconciliation by unit
create table fct_recon_month as
with unit as (
    select organisation_fk, rule_set_code, line, month_date, sum(amount) as amount
    from fct_profit_month group by all
    union all
    select organisation_fk, r.rule_set_code, 'unused_capacity', month_date, -sum(unused_amount)
    from crm.dimensional.fct_cost_pool_month join crm.rule.profit_rule_set r on r.is_published
    group by all
),
ledger as (
    select organisation_fk, statement_line_code, month_date,
        sum(credit_amount - debit_amount) as amount
    from crm.dimensional.fct_ledger_balance_month
    where statement_side_code in ('income', 'expense') group by all
)
select l.organisation_fk, l.statement_line_code, u.rule_set_code, l.month_date,
    any_value(l.amount) as ledger_amount, sum(u.amount) as borne_amount
from ledger l
join crm.dimensional.dim_profit_line d on l.statement_line_code = d.statement_line_code
join unit u on u.line = d.profit_line_code and u.organisation_fk = l.organisation_fk
    and u.month_date = l.month_date
group by all;
