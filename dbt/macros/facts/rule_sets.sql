{#- A rate as the name of a variant: rule sets of one rate share its rows. -#}
{% macro rate_code(rate) -%}{{ as_text('cast(' ~ rate ~ ' as decimal(12, 8))') }}{%- endmacro %}

{#- What a year's risk-weighted yuan costs: the capital that must stand for it, at its hurdle. -#}
{% macro capital_charge_rate() -%}cast(capital_ratio_rate * hurdle_rate as decimal(12, 8)){%- endmacro %}

{#-
The variants of one parameter that rule sets in use have, as a sub-select with the column `name`.
-#}
{% macro rates_in_use(rate, name) -%}
    (
        select distinct cast({{ rate }} as decimal(12, 8)) as {{ name }}, valid_from_date, valid_to_date
        from {{ ref('profit_rule_set') }}
    )
{%- endmacro %}
