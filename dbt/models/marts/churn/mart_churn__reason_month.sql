-- One row per customer, month and reason of his churn score, with the recorded fact beside it.
{{ partitioned_from_month('month_date') }}
{{ config(tags=['after_scores']) }}
{%- set first_month = rebuilt_from('mart_churn__reason_month', unfinished='1 = 0') %}
with {{ told_reasons("told.model_name = 'churn' and " ~ in_rebuilt('told.month_date', first_month)) }}

select
    cast(reason.customer_key as bigint) as customer_key,
    cast(score.customer_fk as bigint) as customer_fk,
    cast(reason.month_date as date) as month_date,
    cast(reason.observation_date as date) as observation_date,
    cast(reason.reason_rank as int) as reason_rank,
    cast(reason.feature_name as {{ t_string() }}) as feature_name,
    cast(reason.name_zh as {{ t_string() }}) as name_zh,
    cast(reason.name_en as {{ t_string() }}) as name_en,
    cast(reason.theme_code as {{ t_string() }}) as theme_code,
    cast(reason.theme_name_zh as {{ t_string() }}) as theme_name_zh,
    cast(reason.theme_name_en as {{ t_string() }}) as theme_name_en,
    cast(reason.is_cause as boolean) as is_cause,
    cast(reason.contribution as double) as contribution,
    cast(reason.feature_value as double) as feature_value,
    cast(reason.feature_value_code as {{ t_string() }}) as feature_value_code,
    cast(reason.usual_value as double) as usual_value,
    cast(reason.reason_zh as {{ t_string() }}) as reason_zh,
    cast(reason.reason_en as {{ t_string() }}) as reason_en
from told_reason as reason
inner join {{ ref('fct_customer_score') }} as score
    on reason.customer_key = score.customer_key
    and reason.month_date = score.month_date
    and reason.model_name = score.model_name
