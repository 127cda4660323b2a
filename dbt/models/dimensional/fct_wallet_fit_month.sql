-- One row per month, size class and method: how well deposits with other banks were told of customers held out.
{{ partitioned_from_month('month_date') }}
{{ config(tags=['after_scores']) }}
{%- set first_month = rebuilt_from('fct_wallet_fit_month', unfinished='1 = 0') %}
{%- set amounts = ['own_mean', 'stated_own_mean', 'stated_mean', 'mean_error', 'median_error'] %}
{%- set rates = ['rank_correlation', 'total_rate', 'covered_rate', 'saved_z'] %}
{%- set key = ['observation_date', 'size_class_code', 'method_code'] %}
{%- set told = ['is_published', 'customer_count', 'statement_count', 'note_zh', 'note_en'] %}
{%- set figures = key + told + amounts + rates %}
with {{ findings_of_month(ref('stg_ml__wallet_fit'), key=key, figures=figures, first_month=first_month) }}

select
    cast({{ month_first('observation_date') }} as date) as month_date,
    cast(observation_date as date) as observation_date,
    cast(size_class_code as {{ t_string() }}) as size_class_code,
    cast(method_code as {{ t_string() }}) as method_code,
    cast(is_published as boolean) as is_published,
    cast(customer_count as bigint) as customer_count,
    cast(statement_count as bigint) as statement_count,
    {%- for name in amounts %}
    cast({{ name }} as decimal(18, 2)) as {{ name }}_amount,
    {%- endfor %}
    {%- for name in rates %}
    cast(round({{ name }}, 9) as double) as {{ name }},
    {%- endfor %}
    cast(note_zh as {{ t_string() }}) as note_zh,
    cast(note_en as {{ t_string() }}) as note_en
from latest
