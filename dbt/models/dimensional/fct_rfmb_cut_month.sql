-- One row per month, measure and quintile from 2 to 5: where the quintile begins.
{{ partitioned_from_month('month_date') }}
{{ config(tags=['after_scores']) }}
{%- set first_month = rebuilt_from('fct_rfmb_cut_month', unfinished='1 = 0') %}
{%- set figures = [
    'observation_date', 'measure_name', 'quintile', 'beyond_value', 'fitted_date',
] %}
with {{ findings_of_month(
    ref('stg_ml__rfmb_cut'), key=['observation_date', 'measure_name', 'quintile'], figures=figures, first_month=first_month,
) }}

select
    cast({{ month_first('observation_date') }} as date) as month_date,
    cast(observation_date as date) as observation_date,
    cast(measure_name as {{ t_string() }}) as measure_name,
    cast(quintile as int) as quintile,
    cast(round(beyond_value, 9) as double) as beyond_value,
    cast(fitted_date as date) as fitted_date
from latest
