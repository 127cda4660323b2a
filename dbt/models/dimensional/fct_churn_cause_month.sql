-- One row per month, theme of features and population: what the theme adds to the expected leavers.
{{ partitioned_from_month('month_date') }}
{{ config(tags=['after_scores']) }}
{%- set first_month = rebuilt_from('fct_churn_cause_month', unfinished='1 = 0') %}
{%- set figures = [
    'observation_date', 'model_version', 'theme_code', 'population_code', 'customer_count',
    'expected_count', 'pushed_count', 'accounted_count', 'kept_count',
] %}
with {{ findings_of_month(
    ref('stg_ml__churn_cause'), key=['observation_date', 'theme_code', 'population_code'], figures=figures,
    first_month=first_month,
) }}

select
    cast({{ month_first('observation_date') }} as date) as month_date,
    cast(observation_date as date) as observation_date,
    cast(model_version as {{ t_string() }}) as model_version,
    cast(theme_code as {{ t_string() }}) as theme_code,
    cast(population_code as {{ t_string() }}) as population_code,
    cast(customer_count as bigint) as customer_count,
    cast(expected_count as double) as expected_count,
    cast(pushed_count as bigint) as pushed_count,
    cast(accounted_count as double) as accounted_count,
    cast(kept_count as double) as kept_count
from latest
