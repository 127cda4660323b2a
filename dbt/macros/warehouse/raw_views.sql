{#-
raw.<feed>: one view per source over the Parquet files of its feed in the lake, made before every
run from the generated sources, so that `source()` and the lineage are the same on every engine.

A view casts each column to the feed's own type, so a file written under an older version of the
feed reads like a new one: a column it lacks is null. A feed without any file (a bank that has no
such delivery) is an empty table of the right types, and whatever is built on it is empty.
-#}
{% macro create_raw_views() %}
    {%- if execute and graph.sources and flags.WHICH != 'compile' -%}
        {%- set lake = env_var('CRM_LAKE_DIR') -%}
        {#- By the engine that is connected, whatever engine's SQL is being rendered. -#}
        {%- do adapter.dispatch('make_raw_views', 'bank_crm')(graph.sources.values() | list, lake) -%}
    {%- endif -%}
{% endmacro %}

{% macro default__make_raw_views(sources, lake) %}
    {%- set found = run_query(
        "select distinct regexp_extract(file, '/([^/]+)/business_date=[^/]+/[^/]+$', 1) as feed "
        ~ "from glob('" ~ lake | replace("'", "''") ~ "/*/business_date=*/*.parquet')"
    ) -%}
    {%- set feeds_present = found.columns[0].values() | list -%}
    {%- set statements = [] -%}
    {%- for source in sources -%}
        {%- if loop.first -%}
            {%- do statements.append('create schema if not exists ' ~ source.database ~ '.' ~ source.schema) -%}
        {%- endif -%}
        {%- do statements.append(raw_view_sql(source, lake, source.identifier in feeds_present)) -%}
    {%- endfor -%}
    {%- call statement('create_raw_views', fetch_result=False) -%}
        {{ statements | join(';\n') }}
    {%- endcall -%}
    {%- do adapter.commit() -%}
{% endmacro %}

{#- The statement that makes the view of one source. -#}
{% macro raw_view_sql(source, lake, has_files) %}
    {%- set columns = source.columns.values() | list -%}
    {%- if not columns -%}
        {{ exceptions.raise_compiler_error(
            "Source " ~ source.identifier ~ " lists no columns. Run: python -m ingestion.contracts write"
        ) }}
    {%- endif -%}
    create or replace view {{ source.database }}.{{ source.schema }}.{{ source.identifier }} as
    select
        {%- for column in columns %}
        cast({{ column.name }} as {{ column.data_type }}) as {{ column.name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        select
            {%- for column in columns %}
            cast(null as {{ column.data_type }}) as {{ column.name }}{{ ',' if not loop.last }}
            {%- endfor %}
        where false
        {%- if has_files %}
        union all by name
        select * from read_parquet(
            '{{ lake | replace("'", "''") }}/{{ source.identifier }}/business_date=*/*.parquet',
            union_by_name = true, hive_partitioning = true, hive_types = {'business_date': date}
        )
        {%- endif %}
    ) as delivered
{% endmacro %}

{#- On Spark the folder is a table: files, partitions and types are the metastore's. -#}
{% macro spark__make_raw_views(sources, lake) %}
    {%- for source in sources -%}
        {%- set columns = [] -%}
        {%- for column in source.columns.values() -%}
            {%- do columns.append(column.name ~ ' ' ~ t_named(column.data_type)) -%}
        {%- endfor -%}
        {%- for sql in [
            'create schema if not exists ' ~ source.schema,
            'create table if not exists ' ~ source.schema ~ '.' ~ source.identifier
            ~ ' (' ~ columns | join(', ') ~ ') using parquet partitioned by (business_date) location '
            ~ "'" ~ lake ~ '/' ~ source.identifier ~ "'",
            'msck repair table ' ~ source.schema ~ '.' ~ source.identifier,
        ] -%}
            {%- call statement('raw_' ~ source.identifier ~ '_' ~ loop.index, fetch_result=False) -%}
                {{ sql }}
            {%- endcall -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}
