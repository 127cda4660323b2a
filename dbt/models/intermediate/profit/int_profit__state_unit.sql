-- One row per unit, month, profit line, published rule set and cause: what belongs to a unit and to no
-- account. Its own profit bears income tax as accounts do; what the ledger's tax differs by stands beside it.
with organisation as (
    {{ carried_versions(ref('dim_organisation'), 'organisation', 'organisation_id') }}
),

piece as (
    {%- for model in [ref('int_profit__place_unit'), ref('int_profit__explain_ledger')] %}
    select
        organisation_id,
        profit_line_code,
        rule_set_code,
        cause_code,
        amount,
        month_date
    from {{ model }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

line as (
    select
        coalesce(organisation.organisation_pk, {{ var('unassigned_pk') }}) as organisation_fk,
        piece.profit_line_code,
        piece.rule_set_code,
        piece.cause_code,
        {{ total_of('piece.amount') }} as amount,
        piece.month_date
    from piece
    left join organisation
        on piece.organisation_id = organisation.organisation_id
        and {{ as_at('organisation', month_reached('piece.month_date')) }}
    group by
        coalesce(organisation.organisation_pk, {{ var('unassigned_pk') }}), piece.profit_line_code,
        piece.rule_set_code, piece.cause_code, piece.month_date
),

taxed as (
    select
        line.organisation_fk,
        line.rule_set_code,
        line.cause_code,
        rule.income_tax_rate,
        {{ total_of('line.amount') }} as amount,
        line.month_date
    from line
    inner join {{ ref('int_profit__list_rule_set') }} as rule
        on line.rule_set_code = rule.rule_set_code and line.month_date = rule.month_date
    inner join {{ ref('profit_cause') }} as cause on line.cause_code = cause.cause_code
    -- What only moves between units nets to nothing, and a tax rounded unit by unit would not.
    where not cause.is_ledger_placement
    group by line.organisation_fk, line.rule_set_code, line.cause_code, rule.income_tax_rate, line.month_date
),

tax as (
    select
        organisation_fk,
        rule_set_code,
        cause_code,
        -{{ share_of_amount('amount', 'income_tax_rate') }} as amount,
        month_date
    from taxed
),

ledger_month as (
    select distinct month_date from {{ ref('int_profit__read_ledger') }}
),

-- The ledger's tax less the rule's, unit by unit.
rest as (
    {%- for table, condition in [('tax', ''), (ref('int_profit__sum_part'), "where profit_line_code = 'income_tax'")] %}
    select
        organisation_fk,
        rule_set_code,
        -amount as amount,
        month_date
    from {{ table }}
    {{ condition }}
    union all
    {%- endfor %}
    select
        ledger.organisation_fk,
        rule.rule_set_code,
        ledger.ledger_amount as amount,
        ledger.month_date
    from {{ ref('int_profit__read_ledger') }} as ledger
    inner join {{ ref('int_profit__list_rule_set') }} as rule on ledger.month_date = rule.month_date
    where ledger.statement_line_code = 'income_tax' and rule.is_published
),

stated as (
    select
        organisation_fk,
        profit_line_code,
        rule_set_code,
        cause_code,
        amount,
        month_date
    from line
    union all
    select
        organisation_fk,
        'income_tax' as profit_line_code,
        rule_set_code,
        cause_code,
        amount,
        month_date
    from tax
    union all
    select
        rest.organisation_fk,
        'income_tax' as profit_line_code,
        rest.rule_set_code,
        'tax_by_rule' as cause_code,
        {{ total_of('rest.amount') }} as amount,
        rest.month_date
    from rest
    inner join ledger_month on rest.month_date = ledger_month.month_date
    group by rest.organisation_fk, rest.rule_set_code, rest.month_date
)

select
    cast(organisation_fk as bigint) as organisation_fk,
    cast(profit_line_code as {{ t_string() }}) as profit_line_code,
    cast(rule_set_code as {{ t_string() }}) as rule_set_code,
    cast(cause_code as {{ t_string() }}) as cause_code,
    cast(amount as decimal(18, 2)) as amount,
    cast(month_date as date) as month_date
from stated
where amount <> 0
