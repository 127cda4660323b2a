{#-
Columns as rows, in a select list: one row per name, with the name and the value of the column
<name><suffix>, called `name_column` and `value_column`. Columns of other types than the first fail.
-#}
{% macro each_column(names, suffix, name_column, value_column) -%}
    {{ return(for_engine('each_column', adapter.dispatch('each_column', 'bank_crm'))(
        names, suffix, name_column, value_column
    )) }}
{%- endmacro %}
{% macro default__each_column(names, suffix, name_column, value_column) -%}
unnest([
        {%- for name in names %}
        {'{{ name_column }}': '{{ name }}', '{{ value_column }}': {{ name }}{{ suffix }}}{{ ',' if not loop.last }}
        {%- endfor %}
    ], recursive := true)
{%- endmacro %}
{% macro spark__each_column(names, suffix, name_column, value_column) -%}
inline(array(
        {%- for name in names %}
        named_struct('{{ name_column }}', '{{ name }}', '{{ value_column }}', {{ name }}{{ suffix }}){{ ',' if not loop.last }}
        {%- endfor %}
    ))
{%- endmacro %}

{#- The whole numbers from 1 to n as a row each, none where n is less: for a select list. -#}
{% macro each_number_up_to(n) -%}{{ return(for_engine('each_number_up_to', adapter.dispatch('each_number_up_to', 'bank_crm'))(n)) }}{%- endmacro %}
{% macro default__each_number_up_to(n) -%}unnest(generate_series(1, {{ n }})){%- endmacro %}
{% macro spark__each_number_up_to(n) -%}explode(filter(sequence(0, greatest({{ n }}, 0)), i -> i > 0)){%- endmacro %}
