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
