-- One row per rule set, profit line and stretch of days: which variant of the line the rule set takes.
-- A line that no rule changes has the one variant 'any'.
{%- set same = "'any'" %}
{%- set variants = {
    'interest_income': same, 'interest_expense': same, 'fee_income': same, 'fee_expense': same,
    'other_income': same,
    'ftp': 'ftp_method_set_code', 'surtax': rate_code('surtax_rate'),
    'direct_cost': 'cost_method_code', 'indirect_cost': 'cost_method_code',
    'unused_capacity': 'cost_method_code', 'expected_loss': 'loss_method_code',
    'capital_charge': rate_code(capital_charge_rate()),
} %}
with variant as (
    {%- for line, variant in variants.items() %}
    select
        rule_set_code,
        '{{ line }}' as profit_line_code,
        {{ variant }} as variant_code,
        is_published,
        income_tax_rate,
        valid_from_date,
        valid_to_date
    from {{ ref('profit_rule_set') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    cast(rule_set_code as {{ t_string() }}) as rule_set_code,
    cast(profit_line_code as {{ t_string() }}) as profit_line_code,
    cast(variant_code as {{ t_string() }}) as variant_code,
    cast(is_published as boolean) as is_published,
    cast(income_tax_rate as decimal(12, 8)) as income_tax_rate,
    cast(valid_from_date as date) as valid_from_date,
    cast(valid_to_date as date) as valid_to_date
from variant
