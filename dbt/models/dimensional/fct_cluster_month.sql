-- One row per month and cluster of customers: size, stability, name and rule.
{{ partitioned_from_month('month_date') }}
{{ config(tags=['after_scores']) }}
{%- set first_month = rebuilt_from('fct_cluster_month', unfinished='1 = 0') %}
{%- set figures = [
    'observation_date', 'cluster_number', 'fitted_date', 'customer_count', 'customer_share', 'jaccard',
    'name_zh', 'name_en', 'rule_zh', 'rule_en', 'coverage', 'purity',
] %}
with {{ findings_of_month(
    ref('stg_ml__customer_cluster'), key=['observation_date', 'cluster_number'], figures=figures, first_month=first_month,
) }}

select
    cast({{ month_first('observation_date') }} as date) as month_date,
    cast(observation_date as date) as observation_date,
    cast(cluster_number as int) as cluster_number,
    cast(fitted_date as date) as fitted_date,
    cast(customer_count as bigint) as customer_count,
    cast(round(customer_share, 9) as double) as customer_share,
    cast(round(jaccard, 9) as double) as jaccard,
    cast(name_zh as {{ t_string() }}) as name_zh,
    cast(name_en as {{ t_string() }}) as name_en,
    cast(rule_zh as {{ t_string() }}) as rule_zh,
    cast(rule_en as {{ t_string() }}) as rule_en,
    cast(round(coverage, 9) as double) as coverage,
    cast(round(purity, 9) as double) as purity
from latest
