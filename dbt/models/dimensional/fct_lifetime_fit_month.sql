-- One row per month and population of customers: the numbers that lifetimes were told by.
{{ partitioned_from_month('month_date') }}
{{ config(tags=['after_scores']) }}
{%- set first_month = rebuilt_from('fct_lifetime_fit_month', unfinished='1 = 0') %}
{%- set figures = [
    'observation_date', 'population_code', 'acting_count', 'alive_r', 'alive_alpha', 'alive_a', 'alive_b',
    'alive_log_likelihood', 'stay_count', 'lost_count', 'stay_a', 'stay_b', 'stay_log_likelihood', 'note_zh',
    'note_en',
] %}
with {{ findings_of_month(
    ref('stg_ml__lifetime_fit'), key=['observation_date', 'population_code'], figures=figures, first_month=first_month,
) }}

select
    cast({{ month_first('observation_date') }} as date) as month_date,
    cast(observation_date as date) as observation_date,
    cast(population_code as {{ t_string() }}) as population_code,
    cast(acting_count as bigint) as acting_count,
    cast(round(alive_r, 9) as double) as alive_r,
    cast(round(alive_alpha, 9) as double) as alive_alpha,
    cast(round(alive_a, 9) as double) as alive_a,
    cast(round(alive_b, 9) as double) as alive_b,
    cast(round(alive_log_likelihood, 9) as double) as alive_log_likelihood,
    cast(stay_count as bigint) as stay_count,
    cast(lost_count as bigint) as lost_count,
    cast(round(stay_a, 9) as double) as stay_a,
    cast(round(stay_b, 9) as double) as stay_b,
    cast(round(stay_log_likelihood, 9) as double) as stay_log_likelihood,
    cast(note_zh as {{ t_string() }}) as note_zh,
    cast(note_en as {{ t_string() }}) as note_en
from latest
