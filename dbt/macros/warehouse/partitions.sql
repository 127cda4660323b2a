{#-
Incremental models that replace whole partitions, days or months, never single rows.

    {{ partitioned('day', 'booked_date') }}
    select ... from ... where {{ touched('booked_date', 'day') }}

A night replaces the partitions that its deliveries touch (vars touched_dates, touched_months): all
rows of them go, what the select brings comes in. A touched partition the select brings nothing for
is emptied, since a corrected delivery may have taken its last row away. The first build, and
--full-refresh, take everything. The same configuration is insert_overwrite on Spark.
-#}
{% macro partitioned(grain, column) -%}
    {%- if grain not in ('day', 'month') -%}
        {{ exceptions.raise_compiler_error("partitioned(): grain is 'day' or 'month', not '" ~ grain ~ "'") }}
    {%- endif -%}
    {%- set partition = {'grain': grain, 'column': column} -%}
    {%- if target.type == 'spark' -%}
        {{ config(
            materialized='incremental', incremental_strategy='insert_overwrite',
            partition_by=[column], file_format='parquet', on_schema_change='fail',
            pre_hook="{{ drop_touched_partitions('" ~ grain ~ "', '" ~ column ~ "') }}",
            meta={'partition': partition},
        ) }}
    {%- else -%}
        {{ config(
            materialized='incremental', incremental_strategy='whole_partitions',
            on_schema_change='fail', meta={'partition': partition},
        ) }}
    {%- endif -%}
{%- endmacro %}

{#- The partitions of this night, as ISO texts; fails on anything that is not a date. -#}
{% macro touched_partitions(grain) -%}
    {%- set days = var('touched_dates', []) if grain == 'day' else var('touched_months', []) -%}
    {%- for day in days -%}
        {%- if not modules.re.match('^[0-9]{4}-[0-9]{2}-[0-9]{2}$', day | string)
            or (grain == 'month' and not (day | string).endswith('-01')) -%}
            {{ exceptions.raise_compiler_error("Not a touched " ~ grain ~ ": " ~ day) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(days | map('string') | unique | sort | list) }}
{%- endmacro %}

{#-
A predicate that is true for rows of the touched partitions. In a model: of an incremental run only,
else everything. `always=True` (tests) looks at the variables alone; nothing touched means all. Of
months it means those from the first touched on: tables that carry something over are rebuilt from there.
-#}
{% macro touched(column, grain, always=False) -%}
    {%- set days = touched_partitions(grain) -%}
    {%- if always -%}
        {%- set everything = not days or flags.FULL_REFRESH -%}
    {%- else -%}
        {%- set everything = not is_incremental() -%}
    {%- endif -%}
    {%- if everything -%}
        1 = 1
    {%- elif not days -%}
        1 = 0
    {%- elif always and grain == 'month' -%}
        {{ column }} >= {{ date_literal(days[0]) }}
    {%- else -%}
        {{ column }} in (
            {%- for day in days %}{{ date_literal(day) }}{{ ', ' if not loop.last }}{% endfor -%}
        )
    {%- endif -%}
{%- endmacro %}

{#-
The first day of the earliest touched partition: what a model needs that looks back from there.
`otherwise` where everything is built.
-#}
{% macro touched_from(grain, otherwise) -%}
    {%- set days = touched_partitions(grain) -%}
    {%- if is_incremental() and days -%}{{ date_literal(days[0]) }}{%- else -%}{{ otherwise }}{%- endif -%}
{%- endmacro %}

{#- dbt calls this for incremental_strategy='whole_partitions'. -#}
{% macro get_incremental_whole_partitions_sql(arg_dict) %}
    {%- set partition = config.get('meta', {}).get('partition') -%}
    {%- if not partition -%}
        {{ exceptions.raise_compiler_error(this ~ " replaces partitions but does not call partitioned()") }}
    {%- endif -%}
    {%- set days = touched_partitions(partition.grain) -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='name') | join(', ') -%}
    {%- set in_touched -%}
        {%- if days -%}
        {{ partition.column }} in (
            {%- for day in days %}{{ date_literal(day) }}{{ ', ' if not loop.last }}{% endfor -%}
        )
        {%- else -%}
        1 = 0
        {%- endif -%}
    {%- endset -%}
    delete from {{ arg_dict['target_relation'] }}
    where {{ in_touched }};
    -- Rows of other partitions, should the model bring any, would be there twice.
    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }}
    from {{ arg_dict['temp_relation'] }}
    where {{ in_touched }}
{% endmacro %}

{#- insert_overwrite replaces partitions it brings rows for; the emptied ones are dropped first. -#}
{% macro drop_touched_partitions(grain, column) %}
    {%- if is_incremental() -%}
        {%- for day in touched_partitions(grain) -%}
            {%- call statement('drop_partition_' ~ loop.index, fetch_result=False) -%}
                alter table {{ this }} drop if exists partition ({{ column }} = date'{{ day }}')
            {%- endcall -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
