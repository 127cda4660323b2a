-- One row per month: what its segments and clusters were fitted on, and how stable they are.
{{ partitioned_from_month('month_date') }}
{{ config(tags=['after_scores']) }}
{%- set first_month = rebuilt_from('fct_rfmb_fit_month', unfinished='1 = 0') %}
{%- set figures = [
    'observation_date', 'fitted_date', 'customer_count', 'rule_stability', 'cluster_count', 'silhouette',
    'note_zh', 'note_en',
] %}
with {{ findings_of_month(
    ref('stg_ml__rfmb_fit'), key=['observation_date'], figures=figures, first_month=first_month,
) }}

select
    cast({{ month_first('observation_date') }} as date) as month_date,
    cast(observation_date as date) as observation_date,
    cast(fitted_date as date) as fitted_date,
    cast(customer_count as bigint) as customer_count,
    cast(round(rule_stability, 9) as double) as rule_stability,
    cast(cluster_count as int) as cluster_count,
    cast(round(silhouette, 9) as double) as silhouette,
    cast(note_zh as {{ t_string() }}) as note_zh,
    cast(note_en as {{ t_string() }}) as note_en
from latest
