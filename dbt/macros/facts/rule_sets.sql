{#- A rate as the name of a variant: rule sets of one rate share its rows. -#}
{% macro rate_code(rate) -%}{{ as_text('cast(' ~ rate ~ ' as decimal(12, 8))') }}{%- endmacro %}

{#- What a year's risk-weighted yuan costs: the capital that must stand for it, at its hurdle. -#}
{% macro capital_charge_rate() -%}cast(capital_ratio_rate * hurdle_rate as decimal(12, 8)){%- endmacro %}

{#-
The variants of one parameter that rule sets have in a month, as a sub-select: `name`, month_date. Two
rule sets of one rate share it, whenever each began.
-#}
{% macro rates_in_use(rate, name) -%}
    (
        select distinct cast({{ rate }} as decimal(12, 8)) as {{ name }}, month.month_date
        from {{ ref('profit_rule_set') }} as rule
        inner join {{ month_list() }} as month on {{ as_at('rule', 'month.month_date') }}
    )
{%- endmacro %}
