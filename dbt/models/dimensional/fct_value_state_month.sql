-- One row per month and state of value: who is in it, what he brings and how soon he goes.
{{ partitioned_from_month('month_date') }}
{{ config(tags=['after_scores']) }}
{%- set first_month = rebuilt_from('fct_value_state_month', unfinished='1 = 0') %}
{%- set figures = [
    'observation_date', 'state_number', 'rule_zh', 'rule_en', 'customer_count', 'margin', 'leave_rate',
    'lifetime_value', 'lifetime_value_low', 'lifetime_value_high',
] %}
with {{ findings_of_month(
    ref('stg_ml__value_state'), key=['observation_date', 'state_number'], figures=figures, first_month=first_month,
) }}

select
    cast({{ month_first('observation_date') }} as date) as month_date,
    cast(observation_date as date) as observation_date,
    cast(state_number as int) as state_number,
    cast(rule_zh as {{ t_string() }}) as rule_zh,
    cast(rule_en as {{ t_string() }}) as rule_en,
    cast(customer_count as bigint) as customer_count,
    cast(margin as decimal(18, 2)) as margin_amount,
    cast(round(leave_rate, 9) as double) as leave_rate,
    cast(lifetime_value as decimal(18, 2)) as lifetime_value_amount,
    cast(lifetime_value_low as decimal(18, 2)) as lifetime_value_low_amount,
    cast(lifetime_value_high as decimal(18, 2)) as lifetime_value_high_amount
from latest
