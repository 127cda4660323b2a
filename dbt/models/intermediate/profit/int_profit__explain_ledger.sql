-- One row per unit, month, profit line, published rule set and cause: what the ledger holds beyond
-- accounts and units, where finance explains it or a rule stands in for what the bank does not deliver.
with ledger_month as (
    select distinct month_date from {{ ref('int_profit__read_ledger') }}
),

rule_set as (
    select *
    from {{ ref('int_profit__list_rule_set') }}
    where is_published
),

booked_month as (
    select distinct month_date from {{ ref('int_account__book_interest') }}
),

pool_month as (
    select distinct month_date from {{ ref('int_costing__list_pool') }}
),

-- Months whose change of provisions is known: they were delivered at both ends.
provided_month as (
    select distinct month_date
    from {{ ref('fct_exposure_month') }}
    where provision_source_code = 'risk_system'
),

-- A ledger knows one line of operating cost, and it stands with the capacity that nobody used.
ledger_line as (
    select
        statement_line_code,
        profit_line_code
    from {{ ref('profit_line') }}
    where profit_line_code not in ('direct_cost', 'indirect_cost', 'income_tax')
),

explained as (
    select
        finance.organisation_id,
        line.profit_line_code,
        rule.rule_set_code,
        {{ total_of('finance.explained_amount') }} as explained_amount,
        ledger_month.month_date
    from {{ ref('fct_ledger_explanation') }} as finance
    inner join ledger_month on finance.month_date = ledger_month.month_date
    inner join {{ ref('profit_line') }} as line
        on finance.statement_line_code = line.statement_line_code
        -- Of the three lines of operating cost the one that no posting bears directly.
        and line.profit_line_code not in ('direct_cost', 'unused_capacity', 'income_tax')
    inner join rule_set as rule on ledger_month.month_date = rule.month_date
    group by finance.organisation_id, line.profit_line_code, rule.rule_set_code, ledger_month.month_date
),

-- Lines that a rule reckons and the ledger books in its own way, and why they differ.
rule_line as (
    select
        line.profit_line_code,
        rule.rule_set_code,
        rule.month_date,
        case
            when line.profit_line_code in ('fee_expense', 'other_income') then 'unit_level'
            when line.profit_line_code = 'surtax' then 'surtax_by_rule'
            when line.profit_line_code = 'expected_loss' and rule.loss_method_code = 'expected' then 'loss_by_rule'
            when
                line.profit_line_code = 'expected_loss'
                and (provided.month_date is null or before.month_date is null)
                then 'no_provision'
            when line.profit_line_code = 'unused_capacity' and pool.month_date is null then 'no_cost_pool'
            when
                line.profit_line_code in ('interest_income', 'interest_expense') and booked.month_date is null
                then 'contract_interest'
        end as cause_code
    from ledger_line as line
    cross join rule_set as rule
    inner join ledger_month as month on rule.month_date = month.month_date
    left join booked_month as booked on rule.month_date = booked.month_date
    left join pool_month as pool on rule.month_date = pool.month_date
    left join provided_month as provided on rule.month_date = provided.month_date
    left join provided_month as before on rule.month_date = {{ add_months_to('before.month_date', 1) }}
),

-- The ledger less what stands against it so far.
rest as (
    {%- for table, amount in [
        (ref('int_profit__sum_part'), 'amount'), (ref('int_profit__place_unit'), 'amount'),
        ('explained', 'explained_amount'),
    ] %}
    select
        organisation_id,
        case
            when profit_line_code in ('direct_cost', 'indirect_cost') then 'unused_capacity'
            else profit_line_code
        end as profit_line_code,
        rule_set_code,
        -{{ amount }} as amount,
        month_date
    from {{ table }}
    union all
    {%- endfor %}
    select
        ledger.organisation_id,
        line.profit_line_code,
        rule.rule_set_code,
        ledger.ledger_amount as amount,
        ledger.month_date
    from {{ ref('int_profit__read_ledger') }} as ledger
    inner join ledger_line as line on ledger.statement_line_code = line.statement_line_code
    inner join rule_set as rule on ledger.month_date = rule.month_date
),

item as (
    select
        organisation_id,
        profit_line_code,
        rule_set_code,
        'finance' as cause_code,
        explained_amount as amount,
        month_date
    from explained
    union all
    select
        rest.organisation_id,
        rest.profit_line_code,
        rest.rule_set_code,
        rule_line.cause_code,
        rest.amount,
        rest.month_date
    from rest
    inner join rule_line
        on rest.profit_line_code = rule_line.profit_line_code
        and rest.rule_set_code = rule_line.rule_set_code
        and rest.month_date = rule_line.month_date
    where rule_line.cause_code is not null
)

select
    cast(organisation_id as {{ t_string() }}) as organisation_id,
    cast(profit_line_code as {{ t_string() }}) as profit_line_code,
    cast(rule_set_code as {{ t_string() }}) as rule_set_code,
    cast(cause_code as {{ t_string() }}) as cause_code,
    cast({{ total_of('amount') }} as decimal(18, 2)) as amount,
    cast(month_date as date) as month_date
from item
group by organisation_id, profit_line_code, rule_set_code, cause_code, month_date
having sum(amount) <> 0
