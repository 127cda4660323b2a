-- One row per account, customer, month and rule set, and one per unit and cause: income tax at the rule
-- set's rate, which losses get back, and what the ledger's own tax differs by.
with taxed as (
    select
        line.account_key,
        line.customer_key,
        line.organisation_fk,
        line.rule_set_code,
        line.cause_code,
        line.income_tax_rate,
        {{ total_of('line.amount') }} as amount,
        line.month_date
    from {{ ref('int_profit__state_line') }} as line
    inner join {{ ref('profit_cause') }} as cause on line.cause_code = cause.cause_code
    where
        line.profit_line_code <> 'capital_charge'
        -- What only moves between units nets to nothing, and a tax rounded unit by unit would not.
        and not cause.is_ledger_placement
    group by
        line.account_key, line.customer_key, line.organisation_fk, line.rule_set_code, line.cause_code,
        line.income_tax_rate, line.month_date
),

tax as (
    select
        account_key,
        customer_key,
        organisation_fk,
        rule_set_code,
        cause_code,
        -{{ share_of_amount('amount', 'income_tax_rate') }} as amount,
        month_date
    from taxed
),

ledger as (
    select
        organisation_fk,
        month_date,
        {{ total_of("case when statement_line_code = 'income_tax' then ledger_amount else 0 end") }} as amount
    from {{ ref('int_profit__read_ledger') }}
    group by organisation_fk, month_date
),

ledger_month as (
    select distinct month_date from ledger
),

rule_set as (
    select distinct
        rule_set_code,
        month_date
    from taxed
),

-- The ledger's tax less the rule's, unit by unit.
rest as (
    select
        tax.organisation_fk,
        tax.rule_set_code,
        -tax.amount as amount,
        tax.month_date
    from tax
    inner join ledger_month on tax.month_date = ledger_month.month_date
    union all
    select
        ledger.organisation_fk,
        rule_set.rule_set_code,
        ledger.amount,
        ledger.month_date
    from ledger
    inner join rule_set on ledger.month_date = rule_set.month_date
)

select
    cast(account_key as bigint) as account_key,
    cast(customer_key as bigint) as customer_key,
    cast(organisation_fk as bigint) as organisation_fk,
    cast(rule_set_code as {{ t_string() }}) as rule_set_code,
    cast(cause_code as {{ t_string() }}) as cause_code,
    cast(amount as decimal(18, 2)) as amount,
    cast(month_date as date) as month_date
from tax
where amount <> 0

union all

select
    cast({{ var('unassigned_pk') }} as bigint) as account_key,
    cast({{ var('unassigned_pk') }} as bigint) as customer_key,
    organisation_fk,
    rule_set_code,
    cast('tax_by_rule' as {{ t_string() }}) as cause_code,
    cast({{ total_of('amount') }} as decimal(18, 2)) as amount,
    month_date
from rest
group by organisation_fk, rule_set_code, month_date
having sum(amount) <> 0
