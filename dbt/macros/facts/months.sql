{#-
Facts and marts by month, of which every month rests on the one before it: a balance is carried
over, a rolling count looks back. They are rebuilt from the first touched month on, in one stretch,
never in single months with stale ones between.

    {{ partitioned_from_month('month_date') }}
    {% set first_month = rebuilt_from('fct_...') %}
    select ... {% if first_month %}where month_date >= {{ date_literal(first_month) }}{% endif %}

The month of the business date is always in the stretch, since its figures reach to that date.
-#}
{% macro partitioned_from_month(column) -%}
    {%- set partition = {'grain': 'month', 'column': column, 'replaced': 'from the first touched'} -%}
    {%- if target.type == 'spark' -%}
        {{ config(
            materialized='incremental', incremental_strategy='insert_overwrite',
            partition_by=[column], file_format='parquet', on_schema_change='fail',
            pre_hook="{{ drop_partitions_from_month('" ~ column ~ "') }}",
            meta={'partition': partition},
        ) }}
    {%- else -%}
        {{ config(
            materialized='incremental', incremental_strategy='from_month',
            on_schema_change='fail', meta={'partition': partition},
        ) }}
    {%- endif -%}
{%- endmacro %}

{#- The first day of the business date's month, as ISO text. -#}
{% macro business_month() -%}{{ return(var('business_date')[:8] ~ '01') }}{%- endmacro %}

{#-
The first month this run rebuilds of a fact or mart, as ISO text; none where it builds everything.

Args:
    model_name: the fact or mart; also asked by what it is built from.
    unfinished: a predicate on the rows of the table as it stands, true where the month they are of
        was not over when they were built; needs the column days_count unless given. A night that skips over a month's end (a bank that
        delivers nothing on Sundays) would otherwise leave that month short of its last days.
    back_months: months before it to rebuild as well, for tables that look ahead (labels).
    column: the column that tells a row's month, where it is not month_date.
-#}
{% macro rebuilt_from(model_name, unfinished=none, back_months=0, column='month_date') -%}
    {%- if not updates_partly(model_name) -%}{{ return(none) }}{%- endif -%}
    {%- set months = touched_partitions('month') + [business_month()] -%}
    {%- set found = run_query(
        'select ' ~ as_text(month_first('min(' ~ column ~ ')')) ~ ' as month_date from ' ~ relation_of(model_name)
        ~ ' where ' ~ (unfinished or 'days_count < ' ~ 'day(' ~ month_last('month_date') ~ ')')
    ) -%}
    {%- do months.extend(found.columns[0].values() | select | list) -%}
    {{ return(month_before(months | map('string') | sort | first, back_months)) }}
{%- endmacro %}

{#- Whether the business date lies within a month, so that the running month is not over. -#}
{% macro is_within_month() -%}
    {%- set next_day = modules.datetime.date.fromisoformat(var('business_date')) + modules.datetime.timedelta(days=1) -%}
    {{ return(next_day.day != 1) }}
{%- endmacro %}

{#- The business date so many months before: the same day, and the month's end where it is one. -#}
{% macro business_date_before(months) -%}
    {%- set day = add_months_to(business_date(), '-' ~ months) -%}
    {{ return(day if is_within_month() else month_last(day)) }}
{%- endmacro %}

{#- The month so many months before, both as ISO text. -#}
{% macro month_before(month, count) -%}
    {%- set number = (month[:4] | int) * 12 + (month[5:7] | int) - 1 - count -%}
    {{ return('%04d-%02d-01' | format(number // 12, number % 12 + 1)) }}
{%- endmacro %}

{#- dbt calls this for incremental_strategy='from_month'. -#}
{% macro get_incremental_from_month_sql(arg_dict) %}
    {%- set column = config.get('meta', {}).get('partition', {}).get('column') -%}
    {%- if not column -%}
        {{ exceptions.raise_compiler_error(this ~ ' replaces months but does not call partitioned_from_month()') }}
    {%- endif -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='name') | join(', ') -%}
    {%- set first_month = (touched_partitions('month') + [business_month()]) | sort | first -%}
    delete from {{ arg_dict['target_relation'] }}
    where {{ column }} >= {{ date_literal(first_month) }}
        -- A month before the touched ones is brought only to finish it, hence never without rows.
        or {{ column }} >= (
            select {{ month_first('min(' ~ column ~ ')') }} from {{ arg_dict['temp_relation'] }}
        );
    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }}
    from {{ arg_dict['temp_relation'] }}
{% endmacro %}

{#- insert_overwrite keeps a partition it brings no rows for; those of the stretch go first. -#}
{% macro drop_partitions_from_month(column) %}
    {%- if is_incremental() -%}
        {%- set first_month = (touched_partitions('month') + [business_month()]) | sort | first -%}
        {%- call statement('drop_partitions', fetch_result=False) -%}
            alter table {{ this }} drop if exists partition ({{ column }} >= date'{{ first_month }}')
        {%- endcall -%}
    {%- endif -%}
{% endmacro %}

{#- A sub-select with one row per month up to the business date's, column month_date. -#}
{% macro month_list(first_month=none) -%}
    (
        select distinct month_date
        from {{ ref('dim_date') }}
        where
            month_date <= {{ date_literal(business_month()) }}
            {%- if first_month %}
            and month_date >= {{ date_literal(first_month) }}
            {%- endif %}
    )
{%- endmacro %}

{#- The condition that a row lies in the months rebuilt tonight. -#}
{% macro in_rebuilt(column, first_month) -%}
    {{ column }} <= {{ date_literal(business_month()) }}
    {%- if first_month %} and {{ column }} >= {{ date_literal(first_month) }}{% endif -%}
{%- endmacro %}

{#- The last day a month's figures reach to: its end, or the business date in the running month. -#}
{% macro month_reached(month) -%}
    least({{ month_last(month) }}, {{ business_date() }})
{%- endmacro %}

{#- Days of a month that its figures cover. -#}
{% macro month_days(month) -%}
    ({{ days_between(month, month_reached(month)) }} + 1)
{%- endmacro %}

{#-
Whether a fact is replaced in parts tonight: it is there, and nobody asked for a full refresh.
Asked by name, so that what a fact is built from can ask too (it may not ref the fact).
-#}
{% macro updates_partly(model_name) -%}
    {%- if not execute or flags.FULL_REFRESH or var('engine', none) -%}{{ return(false) }}{%- endif -%}
    {{ return(relation_of(model_name) is not none) }}
{%- endmacro %}

{#- A model's table as it stands in the build, none before its first night. -#}
{% macro relation_of(model_name) -%}
    {%- set node = graph.nodes['model.' ~ project_name ~ '.' ~ model_name] -%}
    {{ return(adapter.get_relation(node.database, node.schema, node.alias)) }}
{%- endmacro %}

{#- Rows of the touched days. -#}
{% macro in_touched_days(event_date) -%}
    {%- set days = touched_partitions('day') -%}
    {%- if not days -%}1 = 0
    {%- else -%}
    {{ event_date }} in (
        {%- for day in days %}{{ date_literal(day) }}{{ ', ' if not loop.last }}{% endfor -%}
    )
    {%- endif -%}
{%- endmacro %}

{#-
The folders that rows of the touched days may lie in, by the delivery's business date: a delivery
holds no event of a day more than a month after its own.
-#}
{% macro in_files_of_touched_days() -%}
    {%- set days = touched_partitions('day') -%}
    {{ 'business_date >= ' ~ add_days(date_literal(days[0]), -31) if days else '1 = 1' }}
{%- endmacro %}

{#- The same from a month on, up to the business date. -#}
{% macro from_month_on(event_date, first_month) -%}
    {{ event_date }} >= {{ date_literal(first_month) }}
    and business_date >= {{ add_days(date_literal(first_month), -31) }}
{%- endmacro %}

{#- The later of two dates; the other where one is null. -#}
{% macro latest_of(a, b) -%}
    nullif(
        greatest(coalesce({{ a }}, {{ first_valid_date() }}), coalesce({{ b }}, {{ first_valid_date() }})),
        {{ first_valid_date() }}
    )
{%- endmacro %}
