{#- The engine's type of text without a length. -#}
{% macro t_string() -%}{{ return(for_engine('t_string', adapter.dispatch('t_string', 'bank_crm'))()) }}{%- endmacro %}
{% macro default__t_string() -%}varchar{%- endmacro %}
{% macro spark__t_string() -%}string{%- endmacro %}

{#- A contract's type name as the engine spells it: yml says varchar, Spark wants string. -#}
{% macro t_named(type_name) -%}
    {{ return(t_string() if (type_name | lower) in ('varchar', 'text', 'string') else type_name) }}
{%- endmacro %}

{#- Any value as text. No doubles: 1e7 is spelt differently by every engine. -#}
{% macro as_text(value) -%}cast({{ value }} as {{ t_string() }}){%- endmacro %}

{#- The sorted distinct texts of a group as one text, separated by a comma. -#}
{% macro list_sorted(value) -%}{{ return(for_engine('list_sorted', adapter.dispatch('list_sorted', 'bank_crm'))(value)) }}{%- endmacro %}
{% macro default__list_sorted(value) -%}
    string_agg(distinct {{ value }}, ',' order by {{ value }})
{%- endmacro %}
{% macro spark__list_sorted(value) -%}
    array_join(sort_array(collect_set({{ value }})), ',')
{%- endmacro %}
