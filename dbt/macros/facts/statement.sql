{#-
The lines of the profit statement in the order of the seed profit_line, which a test holds this
against: those before income tax, and all. Columns by line are needed when SQL is written, so a seed
alone will not do.
-#}
{% macro lines_before_tax() -%}
    {{ return([
        'interest_income', 'interest_expense', 'ftp', 'fee_income', 'fee_expense', 'other_income', 'surtax',
        'direct_cost', 'indirect_cost', 'unused_capacity', 'expected_loss',
    ]) }}
{%- endmacro %}
{% macro statement_lines() -%}
    {{ return(lines_before_tax() + ['income_tax', 'capital_charge']) }}
{%- endmacro %}

{#- The same without what only units bear. -#}
{% macro account_lines_before_tax() -%}
    {{ return(lines_before_tax() | reject('in', ['fee_expense', 'other_income', 'unused_capacity']) | list) }}
{%- endmacro %}
{% macro account_lines() -%}
    {{ return(account_lines_before_tax() + ['income_tax', 'capital_charge']) }}
{%- endmacro %}

{#- What a short statement of a unit or pillar adds up, by name. -#}
{% macro statement_measures() -%}
    {{ return({
        'net_interest': ['interest_income', 'interest_expense', 'ftp'],
        'net_fee': ['fee_income', 'fee_expense'],
        'other_income': ['other_income'],
        'surtax': ['surtax'],
        'work_cost': ['direct_cost', 'indirect_cost'],
        'unused_capacity': ['unused_capacity'],
        'expected_loss': ['expected_loss'],
        'income_tax': ['income_tax'],
        'capital_charge': ['capital_charge'],
    }) }}
{%- endmacro %}

{#- The sum of some lines, of a relation of lines; and of all that net profit is made of. -#}
{% macro total_of_lines(lines, relation) -%}
    {{ total_of(
        'case when ' ~ relation ~ ".profit_line_code in ('" ~ lines | join("', '") ~ "') then " ~ relation
        ~ '.amount else 0 end'
    ) }}
{%- endmacro %}
{% macro net_profit_of_lines(relation) -%}
    {{ total_of_lines(lines_before_tax() + ['income_tax'], relation) }}
{%- endmacro %}
