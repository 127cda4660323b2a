{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ return((custom_schema_name or target.schema) | trim) }}
{%- endmacro %}

{% macro generate_database_name(custom_database_name, node) -%}
    {{ return((custom_database_name or target.database) | trim) }}
{%- endmacro %}
