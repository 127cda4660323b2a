-- One row per customer, month and number of months ahead: his chance to be here still, by the last scoring
-- of the month.
{{ partitioned_from_month('month_date') }}
{{ config(tags=['after_scores']) }}
{%- set first_month = rebuilt_from('fct_customer_survival_month', unfinished='1 = 0') %}
{%- set figures = ['customer_key', 'observation_date', 'model_version', 'month_number', 'survival_rate'] %}
with {{ findings_of_month(
    ref('stg_ml__customer_survival'), key=['customer_key', 'observation_date', 'month_number'], figures=figures,
    first_month=first_month,
) }}

select
    cast({{ month_first('observation_date') }} as date) as month_date,
    cast(customer_key as bigint) as customer_key,
    cast(observation_date as date) as observation_date,
    cast(model_version as {{ t_string() }}) as model_version,
    cast(month_number as int) as month_number,
    cast(survival_rate as double) as survival_rate
from latest
