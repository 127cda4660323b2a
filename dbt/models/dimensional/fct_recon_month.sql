-- One row per unit, statement line, month and rule set of a month whose ledger was delivered: what the
-- ledger holds, what accounts and units bear, what is explained, and what nobody explains.
{{ partitioned_from_month('month_date') }}
with ledger_month as (
    select distinct month_date from {{ ref('int_profit__read_ledger') }}
),

part as (
    select
        ledger.organisation_fk,
        ledger.statement_line_code,
        rule.rule_set_code,
        ledger.ledger_amount,
        0 as borne_amount,
        0 as explained_amount,
        ledger.month_date
    from {{ ref('int_profit__read_ledger') }} as ledger
    inner join {{ ref('int_profit__list_rule_set') }} as rule on ledger.month_date = rule.month_date
    where rule.is_published
    union all
    select
        profit.organisation_fk,
        line.statement_line_code,
        profit.rule_set_code,
        0 as ledger_amount,
        case when cause.is_explanation then 0 else profit.amount end as borne_amount,
        case when cause.is_explanation then profit.amount else 0 end as explained_amount,
        profit.month_date
    from {{ ref('fct_profit_month') }} as profit
    inner join ledger_month on profit.month_date = ledger_month.month_date
    inner join {{ ref('dim_profit_line') }} as line
        on profit.profit_line_code = line.profit_line_code
    inner join {{ ref('dim_profit_cause') }} as cause on profit.cause_code = cause.cause_code
    where line.statement_line_code is not null
)

select
    cast(organisation_fk as bigint) as organisation_fk,
    cast(statement_line_code as {{ t_string() }}) as statement_line_code,
    cast(rule_set_code as {{ t_string() }}) as rule_set_code,
    cast({{ total_of('ledger_amount') }} as decimal(18, 2)) as ledger_amount,
    cast({{ total_of('borne_amount') }} as decimal(18, 2)) as borne_amount,
    cast({{ total_of('explained_amount') }} as decimal(18, 2)) as explained_amount,
    cast({{ total_of('ledger_amount - borne_amount - explained_amount') }} as decimal(18, 2))
        as unexplained_amount,
    cast(month_date as date) as month_date
from part
group by organisation_fk, statement_line_code, rule_set_code, month_date
