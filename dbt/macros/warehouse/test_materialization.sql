{#-
A data test that keeps its failing rows, when there are any, in <schema test_failure>.<test name>.

dbt's own creates a table for every test, empty for all that pass: a third of the time of a night's
tests. This one counts first and stores only what failed; the query of a failing test runs twice.
-#}
{%- materialization test, adapter='duckdb' -%}
    {%- set failing_rows -%}
        {{ get_limit_subquery_sql(sql, config.get('limit')) }}
    {%- endset -%}
    {%- set stored = api.Relation.create(
        database=database, schema=schema, identifier=model['alias'], type='table'
    ) -%}
    {%- set of_an_earlier_run = adapter.get_relation(database, schema, model['alias']) -%}
    {%- if of_an_earlier_run -%}
        {%- do adapter.drop_relation(of_an_earlier_run) -%}
    {%- endif -%}

    {%- call statement('main', fetch_result=True) -%}
        {{ get_test_sql(
            failing_rows, config.get('fail_calc'), config.get('warn_if'), config.get('error_if'),
            limit=none,
        ) }}
    {%- endcall -%}

    {%- if should_store_failures() and load_result('main')['data'][0][0] | int > 0 -%}
        {%- call statement('store', auto_begin=True) -%}
            {{ get_create_sql(stored, failing_rows) }}
        {%- endcall -%}
        {%- do adapter.commit() -%}
        {{ return({'relations': [stored]}) }}
    {%- endif -%}
    {{ return({'relations': []}) }}
{%- endmaterialization -%}
