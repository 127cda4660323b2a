-- One row per customer and month of a scoring: how long he is expected to stay, and his chances to.
{{ partitioned_from_month('month_date') }}
{{ config(tags=['after_scores']) }}
{%- set first_month = rebuilt_from('mart_churn__survival_month', unfinished='1 = 0') %}
with chance as (
    select
        customer_key,
        month_date,
        max(month_number) as horizon_months,
        max(case when month_number = 3 then survival_rate end) as stay_3m_rate,
        max(case when month_number = 6 then survival_rate end) as stay_6m_rate,
        max(case when month_number = 12 then survival_rate end) as stay_12m_rate
    from {{ ref('fct_customer_survival_month') }}
    where {{ in_rebuilt('month_date', first_month) }}
    group by customer_key, month_date
)

select
    cast(score.customer_key as bigint) as customer_key,
    cast(score.customer_fk as bigint) as customer_fk,
    cast(score.observation_date as date) as observation_date,
    cast(chance.horizon_months as int) as horizon_months,
    cast(score.score as double) as expected_months,
    cast(score.scored_decile as int) as survival_decile,
    cast(chance.stay_3m_rate as double) as stay_3m_rate,
    cast(chance.stay_6m_rate as double) as stay_6m_rate,
    cast(chance.stay_12m_rate as double) as stay_12m_rate,
    cast(score.model_version as {{ t_string() }}) as model_version,
    cast(score.month_date as date) as month_date
from {{ ref('fct_customer_score') }} as score
left join chance on score.customer_key = chance.customer_key and score.month_date = chance.month_date
where score.model_name = 'survival' and {{ in_rebuilt('score.month_date', first_month) }}
