-- One row per month, population and rule of who leaves: how many keep it, and how many of those held out left.
{{ partitioned_from_month('month_date') }}
{{ config(tags=['after_scores']) }}
{%- set first_month = rebuilt_from('fct_churn_rule_month', unfinished='1 = 0') %}
{%- set figures = [
    'observation_date', 'population_code', 'rule_number', 'labelled_date', 'rule_zh', 'rule_en', 'customer_count',
    'customer_share', 'held_out_count', 'held_out_churned_count', 'churn_rate', 'churn_rate_low',
    'churn_rate_high', 'lift', 'current_count', 'note_zh', 'note_en',
] %}
with {{ findings_of_month(
    ref('stg_ml__churn_rule'), key=['observation_date', 'population_code', 'rule_number'], figures=figures,
    first_month=first_month,
) }}

select
    cast({{ month_first('observation_date') }} as date) as month_date,
    cast(observation_date as date) as observation_date,
    cast(labelled_date as date) as labelled_date,
    cast(population_code as {{ t_string() }}) as population_code,
    cast(rule_number as int) as rule_number,
    cast(rule_zh as {{ t_string() }}) as rule_zh,
    cast(rule_en as {{ t_string() }}) as rule_en,
    cast(customer_count as bigint) as customer_count,
    cast(round(customer_share, 9) as double) as customer_share,
    cast(held_out_count as bigint) as held_out_count,
    cast(held_out_churned_count as bigint) as held_out_churned_count,
    cast(round(churn_rate, 9) as double) as churn_rate,
    cast(round(churn_rate_low, 9) as double) as churn_rate_low,
    cast(round(churn_rate_high, 9) as double) as churn_rate_high,
    cast(round(lift, 9) as double) as lift,
    cast(current_count as bigint) as current_count,
    cast(note_zh as {{ t_string() }}) as note_zh,
    cast(note_en as {{ t_string() }}) as note_en
from latest
