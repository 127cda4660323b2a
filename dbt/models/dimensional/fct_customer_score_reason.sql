-- One row per customer, model, month and reason: why the last scoring of the month came out so.
{{ partitioned_from_month('month_date') }}
{{ config(tags=['after_scores']) }}
{%- set first_month = rebuilt_from('fct_customer_score_reason', unfinished='1 = 0') %}
-- A bank is scored every night, but a month keeps one score: a year of nights would be more rows than
-- all its postings.
with scoring as (
    select
        model_name,
        {{ month_first('observation_date') }} as month_date,
        max(observation_date) as observation_date
    from {{ ref('stg_ml__customer_score_reason') }}
    where
        observation_date <= {{ business_date() }}
        {%- if first_month %}
        and {{ from_month_on('observation_date', first_month) }}
        {%- endif %}
    group by model_name, {{ month_first('observation_date') }}
),

delivered as (
    select
        delivered.customer_key,
        delivered.observation_date,
        delivered.model_name,
        delivered.reason_rank,
        delivered.feature_name,
        delivered.contribution,
        delivered.feature_value,
        delivered.feature_value_code,
        delivered.usual_value,
        delivered.business_date,
        delivered.batch_precedence,
        delivered.batch_id,
        delivered.source_sheet,
        delivered.source_row
    from {{ ref('stg_ml__customer_score_reason') }} as delivered
    inner join scoring
        on delivered.model_name = scoring.model_name
        and delivered.observation_date = scoring.observation_date
),

latest as (
    {{ pick_latest_small(
        'delivered',
        key=['customer_key', 'observation_date', 'model_name', 'reason_rank'],
        columns=[
            'customer_key', 'observation_date', 'model_name', 'reason_rank', 'feature_name', 'contribution',
            'feature_value', 'feature_value_code', 'usual_value',
        ],
    ) }}
)

select
    cast(latest.customer_key as bigint) as customer_key,
    cast(latest.observation_date as date) as observation_date,
    cast(latest.model_name as {{ t_string() }}) as model_name,
    cast(latest.reason_rank as int) as reason_rank,
    cast(latest.feature_name as {{ t_string() }}) as feature_name,
    cast(latest.contribution as double) as contribution,
    cast(latest.feature_value as double) as feature_value,
    cast(latest.feature_value_code as {{ t_string() }}) as feature_value_code,
    cast(latest.usual_value as double) as usual_value,
    cast({{ month_first('latest.observation_date') }} as date) as month_date
from latest
