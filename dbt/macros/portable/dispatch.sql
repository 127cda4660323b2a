{#-
Every portable macro is one line around its implementations, <engine>__<name> or default__<name>
(DuckDB and the standard):

    for_engine('idiv', adapter.dispatch('idiv', 'bank_crm'))(a, b)

adapter.dispatch picks by the adapter in use. `--vars 'engine: spark'` overrules it and renders
another engine's SQL without a connection to it, so that `make check` can parse every model in the
dialect of the second engine on a machine that has none.
-#}
{% macro for_engine(name, found) -%}
    {%- set engine = var('engine', none) -%}
    {%- if engine -%}
        {{ return(context.get(engine ~ '__' ~ name) or context['default__' ~ name]) }}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}
