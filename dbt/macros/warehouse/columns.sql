{#-
The last select of a dimension, from one list of its columns:

    {% set columns = {'team_pk': 'bigint', 'team_id': 'varchar', ...} %}
    ...
    select {{ typed_columns(columns) }} from team
    union all
    select {{ unassigned_member(columns) }}

Every column ends in an explicit cast, so that both engines give the same type.
-#}
{% macro typed_columns(columns) -%}
    {%- for name, type_name in columns.items() %}
    cast({{ name }} as {{ t_named(type_name) }}) as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- Sums of measures, each under its own name: money exactly, counts as they are. -#}
{% macro summed_measures(names, of='') -%}
    {%- for name in names %}
    {{ total_of(of ~ name) if name.endswith('_amount') else 'sum(' ~ of ~ name ~ ')' }} as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#-
Several steps of a model under one another, as one query: the key, and the measures of all of them.
A step has 0 in the measures of the others, so that sums over the whole take each from its own.

    {{ stacked_measures({'opened': ['opening_count'], 'visited': ['visit_count']}, key=['employee_id']) }}
-#}
{% macro stacked_measures(measures_of, key) -%}
    {%- for step in measures_of %}
    select
        {{ key | join(', ') }}
        {%- for other, names in measures_of.items() %}
        {%- for name in names %},
        {{ name if other == step else '0' }} as {{ name }}
        {%- endfor %}
        {%- endfor %}
    from {{ step }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#-
The member that stands for "nobody" or "not known", so that every fact finds its dimension and
totals tie. By the house's column names: keys are -1, ids and codes that identify 'unassigned',
names say so in both languages, and it is valid always. Everything else is null or what `values`
says (SQL text by column).
-#}
{% macro unassigned_member(columns, values={}) -%}
    {%- for name, type_name in columns.items() %}
    {%- if name in values -%}
        {%- set value = values[name] -%}
    {%- elif name.endswith('_pk') or name.endswith('_fk') or name.endswith('_key') -%}
        {%- set value = var('unassigned_pk') -%}
    {%- elif name.endswith('_id') -%}
        {%- set value = "'unassigned'" -%}
    {%- elif name.endswith('_name_zh') -%}
        {%- set value = "'未分配'" -%}
    {%- elif name.endswith('_name') or name.endswith('_name_en') -%}
        {%- set value = "'Unassigned'" -%}
    {%- elif name == 'valid_from_date' -%}
        {%- set value = first_valid_date() -%}
    {%- elif name == 'valid_to_date' -%}
        {%- set value = open_valid_date() -%}
    {%- elif name == 'is_current' -%}
        {%- set value = 'true' -%}
    {%- else -%}
        {%- set value = 'null' -%}
    {%- endif %}
    cast({{ value }} as {{ t_named(type_name) }}) as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
