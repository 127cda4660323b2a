{#- Layer = schema, named once, without the profile's schema in front of it. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ return((custom_schema_name or target.schema) | trim) }}
{%- endmacro %}

{#-
The file a model is written into. Files separate readers on DuckDB, which has no GRANT; other
engines separate by schema, and nothing may rely on a third level of names there.
-#}
{% macro generate_database_name(custom_database_name, node) -%}
    {%- if target.type == 'duckdb' and custom_database_name -%}
        {{ return(custom_database_name | trim) }}
    {%- endif -%}
    {{ return(target.database) }}
{%- endmacro %}
