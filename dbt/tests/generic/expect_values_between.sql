{#- Every value that is there lies between the bounds, both included. -#}
{% test expect_values_between(
    model, column_name, minimum=none, maximum=none, partition_column=none, grain='day'
) %}
{%- set limits = [] -%}
{%- if minimum is not none -%}{%- do limits.append(column_name ~ ' < ' ~ minimum) -%}{%- endif -%}
{%- if maximum is not none -%}{%- do limits.append(column_name ~ ' > ' ~ maximum) -%}{%- endif -%}
select *
from {{ model }}
where
    ({{ limits | join(' or ') }})
    and {{ touched(partition_column, grain, always=True) if partition_column else '1 = 1' }}
{% endtest %}
