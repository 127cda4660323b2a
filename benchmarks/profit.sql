-- The floor of the profit stage: the same joins and sums as one bare script. Reads a published
-- generation attached as crm; writes the statement of profit, its reconciliation and what every rule
-- set makes of a customer. No tests, no contracts, no causes but the plain ones, and sums that are
-- rounded by DuckDB's own casts.

-- step: parts of holders
create table part as
with month as (
    select account_key, account_fk, customer_key, customer_fk, product_fk, organisation_fk,
        month_date, last_day(month_date) as last_date, interest_income_amount,
        interest_expense_amount, ftp_amount, fee_amount
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
    coalesce(h.share_rate, 1)::double as share_rate
from month m left join held h on m.account_key = h.account_key and m.month_date = h.month_date;

-- step: work by both cost methods
create table work as
with unit_work as (
    select organisation_fk, cost_pool_code, month_date, sum(minutes_count) as minutes
    from crm.dimensional.fct_activity_cost_month where rate_source_code = 'ledger' group by all
),
used as (
    select w.organisation_fk, w.cost_pool_code, w.month_date,
        sum(w.minutes) over (partition by o.organisation_id, w.cost_pool_code, w.month_date)
            ::double as minutes,
        p.ledger_cost_amount::double as own_amount,
        (p.full_cost_amount - p.ledger_cost_amount)::double as support_amount
    from unit_work w
    join crm.dimensional.dim_organisation o on w.organisation_fk = o.organisation_pk
    join crm.dimensional.fct_cost_pool_month p on o.organisation_id = p.organisation_id
        and w.cost_pool_code = p.cost_pool_code and w.month_date = p.month_date
)
select a.account_key, a.customer_key, a.month_date,
    sum(a.direct_cost_amount)::decimal(18, 2) as direct_amount,
    sum(a.cost_amount - a.direct_cost_amount)::decimal(18, 2) as indirect_amount,
    sum(coalesce((-u.own_amount * a.minutes_count::double / u.minutes)::decimal(18, 2),
        a.direct_cost_amount))::decimal(18, 2) as absorbed_direct_amount,
    sum(coalesce((-u.support_amount * a.minutes_count::double / u.minutes)::decimal(18, 2),
        a.cost_amount - a.direct_cost_amount))::decimal(18, 2) as absorbed_indirect_amount
from crm.dimensional.fct_activity_cost_month a
left join used u
    on case when a.rate_source_code = 'ledger' then a.organisation_fk end = u.organisation_fk
    and a.cost_pool_code = u.cost_pool_code and a.month_date = u.month_date
group by all;

-- step: losses and other transfer prices
create table loss as
select coalesce(n.account_key, b.account_key) as account_key,
    coalesce(n.month_date, (b.month_date + interval 1 month)::date) as month_date,
    coalesce(n.expected_loss_amount, 0) as expected_amount,
    case when coalesce(n.month_date, (b.month_date + interval 1 month)::date) > (
            select min(month_date) from crm.dimensional.fct_exposure_month)
        then ((coalesce(b.original_provision_amount, 0)
            - coalesce(n.original_provision_amount, 0)
            - coalesce(n.original_used_provision_amount, 0)) * coalesce(x.exchange_price, 100) * 0.01)
            ::decimal(18, 2) else 0
    end as provision_amount,
    coalesce(n.risk_weighted_amount, 0) as risk_weighted_amount
from crm.dimensional.fct_exposure_month n
full join crm.dimensional.fct_exposure_month b
    on n.account_key = b.account_key and n.month_date = b.month_date + interval 1 month
left join crm.dimensional.fct_exchange_rate x
    on coalesce(n.currency_code, b.currency_code) = x.currency_code
    and least(last_day(coalesce(n.month_date, b.month_date + interval 1 month)),
        getvariable('business_date')) >= x.valid_from_date
    and least(last_day(coalesce(n.month_date, b.month_date + interval 1 month)),
        getvariable('business_date')) < x.valid_to_date
where coalesce(n.month_date, b.month_date + interval 1 month) <= getvariable('business_date');
create table price as
select account_key, month_date, method_set_code, sum(ftp_amount)::decimal(18, 2) as ftp_amount
from crm.dimensional.fct_ftp_month where method_set_code <> 'matched' group by all;

-- step: lines side by side by rule set
create table statement as
with borne as (
    select p.account_key, p.account_fk, p.customer_key, p.customer_fk, p.product_fk,
        p.organisation_fk, p.share_rate, p.month_date, p.interest_income_amount,
        p.interest_expense_amount, p.ftp_amount, p.fee_amount, w.direct_amount,
        w.indirect_amount, w.absorbed_direct_amount, w.absorbed_indirect_amount,
        l.expected_amount, l.provision_amount, l.risk_weighted_amount
    from part p
    left join (from work where customer_key = -1) w
        on p.account_key = w.account_key and p.month_date = w.month_date
    left join loss l on p.account_key = l.account_key and p.month_date = l.month_date
    union all
    select -1, -1, customer_key, -1, -1, -1, 1, month_date, 0, 0, 0, 0, direct_amount,
        indirect_amount, absorbed_direct_amount, absorbed_indirect_amount, 0, 0, 0
    from work where customer_key <> -1
),
stated as (
    select b.account_key, b.account_fk, b.customer_key, b.customer_fk, b.product_fk,
        b.organisation_fk, b.month_date, b.share_rate, r.rule_set_code, r.is_published,
        b.interest_income_amount as interest_income,
        b.interest_expense_amount as interest_expense,
        case when r.ftp_method_set_code = 'matched' then b.ftp_amount else p.ftp_amount end as ftp,
        b.fee_amount as fee_income,
        -(b.interest_income_amount + b.fee_amount)::double * r.surtax_rate::double as surtax,
        case when r.cost_method_code = 'full_absorption' then b.absorbed_direct_amount
            else b.direct_amount end as direct_cost,
        case when r.cost_method_code = 'full_absorption' then b.absorbed_indirect_amount
            else b.indirect_amount end as indirect_cost,
        case when r.loss_method_code = 'provision' then b.provision_amount
            else b.expected_amount end as expected_loss,
        -b.risk_weighted_amount::double * (r.capital_ratio_rate * r.hurdle_rate)::double / 12
            as capital_charge
    from borne b
    cross join crm.rule.profit_rule_set r
    left join price p on b.account_key = p.account_key and b.month_date = p.month_date
        and r.ftp_method_set_code = p.method_set_code
)
select account_key, account_fk, customer_key, customer_fk, product_fk, organisation_fk, month_date,
    rule_set_code, is_published,
    (coalesce(interest_income, 0)::double * share_rate)::decimal(18, 2) as interest_income,
    (coalesce(interest_expense, 0)::double * share_rate)::decimal(18, 2) as interest_expense,
    (coalesce(ftp, 0)::double * share_rate)::decimal(18, 2) as ftp,
    (coalesce(fee_income, 0)::double * share_rate)::decimal(18, 2) as fee_income,
    (coalesce(surtax, 0) * share_rate)::decimal(18, 2) as surtax,
    (coalesce(direct_cost, 0)::double * share_rate)::decimal(18, 2) as direct_cost,
    (coalesce(indirect_cost, 0)::double * share_rate)::decimal(18, 2) as indirect_cost,
    (coalesce(expected_loss, 0)::double * share_rate)::decimal(18, 2) as expected_loss,
    (coalesce(capital_charge, 0) * share_rate)::decimal(18, 2) as capital_charge
from stated;

-- step: the fact of published rule sets
create table fct_profit_month as
with line as (
    select account_fk, account_key, customer_fk, customer_key, product_fk, organisation_fk,
        rule_set_code, unnest([
            {'line': 'interest_income', 'amount': interest_income},
            {'line': 'interest_expense', 'amount': interest_expense},
            {'line': 'ftp', 'amount': ftp},
            {'line': 'fee_income', 'amount': fee_income},
            {'line': 'surtax', 'amount': surtax},
            {'line': 'direct_cost', 'amount': direct_cost},
            {'line': 'indirect_cost', 'amount': indirect_cost},
            {'line': 'expected_loss', 'amount': expected_loss},
            {'line': 'income_tax', 'amount': ((interest_income + interest_expense + ftp
                + fee_income + surtax + direct_cost + indirect_cost + expected_loss)::double
                * -0.25)::decimal(18, 2)},
            {'line': 'capital_charge', 'amount': capital_charge}
        ], recursive := true), 'account' as cause_code, month_date
    from statement where is_published
)
from line where amount <> 0;

-- step: what every rule set makes of a customer
create table fct_rule_set_month as
select customer_key, rule_set_code, month_date, sum(interest_income + interest_expense + ftp
    + fee_income + surtax + direct_cost + indirect_cost + expected_loss + capital_charge)
    ::decimal(18, 2) as profit_amount
from statement where customer_key <> -1 group by all;

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
