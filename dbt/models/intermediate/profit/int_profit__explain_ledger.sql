-- One row per unit, month, profit line, variant and cause: what the ledger holds beyond accounts and
-- units, where finance explains it or a rule stands in for what the bank does not deliver.
with ledger_month as (
    select distinct month_date from {{ ref('int_profit__read_ledger') }}
),

variant as (
    select distinct
        profit_line_code,
        variant_code
    from {{ ref('int_profit__list_variant') }}
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

explained as (
    select
        finance.organisation_id,
        variant.profit_line_code,
        variant.variant_code,
        {{ total_of('finance.explained_amount') }} as explained_amount,
        ledger_month.month_date
    from {{ ref('fct_ledger_explanation') }} as finance
    inner join ledger_month on finance.month_date = ledger_month.month_date
    inner join {{ ref('profit_line') }} as line
        on finance.statement_line_code = line.statement_line_code
        -- Of the three lines of operating cost the one that no posting bears directly.
        and line.profit_line_code not in ('direct_cost', 'unused_capacity')
    inner join variant on line.profit_line_code = variant.profit_line_code
    group by
        finance.organisation_id, variant.profit_line_code, variant.variant_code, ledger_month.month_date
),

-- Lines that a rule reckons and the ledger books in its own way, and why they differ.
rule_line as (
    select
        variant.profit_line_code,
        variant.variant_code,
        month.month_date,
        case
            when variant.profit_line_code in ('fee_expense', 'other_income') then 'unit_level'
            when variant.profit_line_code = 'surtax' then 'surtax_by_rule'
            when variant.variant_code = 'expected' then 'loss_by_rule'
            when variant.profit_line_code = 'expected_loss' then 'no_provision'
            when variant.profit_line_code = 'unused_capacity' then 'no_cost_pool'
            else 'contract_interest'
        end as cause_code
    from variant
    cross join ledger_month as month
    left join booked_month as booked on month.month_date = booked.month_date
    left join pool_month as pool on month.month_date = pool.month_date
    left join provided_month as provided on month.month_date = provided.month_date
    left join provided_month as before
        on month.month_date = {{ add_months_to('before.month_date', 1) }}
    where
        variant.profit_line_code in ('fee_expense', 'other_income', 'surtax')
        or variant.variant_code = 'expected'
        or (
            variant.variant_code = 'provision'
            and (provided.month_date is null or before.month_date is null)
        )
        or (variant.profit_line_code = 'unused_capacity' and pool.month_date is null)
        or (
            variant.profit_line_code in ('interest_income', 'interest_expense')
            and booked.month_date is null
        )
),

-- The ledger less what stands against it so far.
rest as (
    {%- for table, amount in [(ref('int_profit__sum_unit_line'), 'amount'), ('explained', 'explained_amount')] %}
    select
        organisation_id,
        -- The ledger knows one line of operating cost.
        case
            when profit_line_code in ('direct_cost', 'indirect_cost') then 'unused_capacity'
            else profit_line_code
        end as profit_line_code,
        variant_code,
        month_date,
        -{{ amount }} as amount
    from {{ table }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    union all
    select
        ledger.organisation_id,
        variant.profit_line_code,
        variant.variant_code,
        ledger.month_date,
        ledger.ledger_amount as amount
    from {{ ref('int_profit__read_ledger') }} as ledger
    inner join {{ ref('profit_line') }} as line
        on ledger.statement_line_code = line.statement_line_code
        and line.profit_line_code not in ('direct_cost', 'indirect_cost')
    inner join variant on line.profit_line_code = variant.profit_line_code
),

item as (
    select
        organisation_id,
        profit_line_code,
        variant_code,
        'finance' as cause_code,
        explained_amount as amount,
        month_date
    from explained
    union all
    select
        rest.organisation_id,
        rest.profit_line_code,
        rest.variant_code,
        rule_line.cause_code,
        rest.amount,
        rest.month_date
    from rest
    inner join rule_line
        on rest.profit_line_code = rule_line.profit_line_code
        and rest.variant_code = rule_line.variant_code
        and rest.month_date = rule_line.month_date
)

select
    cast(organisation_id as {{ t_string() }}) as organisation_id,
    cast(profit_line_code as {{ t_string() }}) as profit_line_code,
    cast(variant_code as {{ t_string() }}) as variant_code,
    cast(cause_code as {{ t_string() }}) as cause_code,
    cast({{ total_of('amount') }} as decimal(18, 2)) as amount,
    cast(month_date as date) as month_date
from item
group by organisation_id, profit_line_code, variant_code, cause_code, month_date
having sum(amount) <> 0
