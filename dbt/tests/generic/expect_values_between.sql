{#- Every value that is there lies between the bounds, both included: of one column, or of each of several. -#}
{% test expect_values_between(
    model, column_name=none, columns=none, minimum=none, maximum=none, partition_column=none, grain='day'
) %}
{%- set limits = [] -%}
{%- for column in columns or [column_name] -%}
{%- if minimum is not none -%}{%- do limits.append(column ~ ' < ' ~ minimum) -%}{%- endif -%}
{%- if maximum is not none -%}{%- do limits.append(column ~ ' > ' ~ maximum) -%}{%- endif -%}
{%- endfor -%}
select *
from {{ model }}
where
    ({{ limits | join(' or ') }})
    and {{ touched(partition_column, grain, always=True) if partition_column else '1 = 1' }}
{% endtest %}
