-- One row per account, customer, month, profit line and published rule set, and one per unit and cause
-- for what belongs to no account: all lines but income tax.
with variant as (
    select *
    from {{ ref('int_profit__list_variant') }}
    where is_published
),

organisation as (
    {{ carried_versions(ref('dim_organisation'), 'organisation', 'organisation_id') }}
),

unit_piece as (
    {%- for model in [ref('int_profit__place_unit'), ref('int_profit__explain_ledger')] %}
    select
        organisation_id,
        profit_line_code,
        variant_code,
        cause_code,
        amount,
        month_date
    from {{ model }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

unit_line as (
    select
        coalesce(organisation.organisation_pk, {{ var('unassigned_pk') }}) as organisation_fk,
        piece.profit_line_code,
        variant.rule_set_code,
        piece.cause_code,
        variant.income_tax_rate,
        {{ total_of('piece.amount') }} as amount,
        piece.month_date
    from unit_piece as piece
    inner join variant
        on piece.profit_line_code = variant.profit_line_code
        and piece.variant_code = variant.variant_code
        and {{ as_at('variant', 'piece.month_date') }}
    left join organisation
        on piece.organisation_id = organisation.organisation_id
        and {{ as_at('organisation', month_reached('piece.month_date')) }}
    group by
        coalesce(organisation.organisation_pk, {{ var('unassigned_pk') }}), piece.profit_line_code,
        variant.rule_set_code, piece.cause_code, variant.income_tax_rate, piece.month_date
)

select
    cast(line.account_key as bigint) as account_key,
    cast(line.customer_key as bigint) as customer_key,
    cast(line.organisation_fk as bigint) as organisation_fk,
    cast(line.profit_line_code as {{ t_string() }}) as profit_line_code,
    cast(variant.rule_set_code as {{ t_string() }}) as rule_set_code,
    cast('account' as {{ t_string() }}) as cause_code,
    cast(variant.income_tax_rate as decimal(12, 8)) as income_tax_rate,
    cast(line.amount as decimal(18, 2)) as amount,
    cast(line.month_date as date) as month_date
from {{ ref('int_profit__list_line') }} as line
inner join variant
    on line.profit_line_code = variant.profit_line_code
    and line.variant_code = variant.variant_code
    and {{ as_at('variant', 'line.month_date') }}

union all

select
    cast({{ var('unassigned_pk') }} as bigint) as account_key,
    cast({{ var('unassigned_pk') }} as bigint) as customer_key,
    organisation_fk,
    profit_line_code,
    rule_set_code,
    cause_code,
    income_tax_rate,
    amount,
    month_date
from unit_line
