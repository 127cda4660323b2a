-- One row per customer, month and number of months ahead: his chance to be here still, by the last scoring
-- of the month.
{{ partitioned_from_month('month_date') }}
{{ config(tags=['after_scores']) }}
{%- set first_month = rebuilt_from('fct_customer_survival_month', unfinished='1 = 0') %}
{%- set figures = ['customer_key', 'observation_date', 'model_version', 'month_number', 'survival_rate'] %}
with scoring as (
    select max(observation_date) as observation_date
    from {{ ref('stg_ml__customer_survival') }}
    where
        observation_date <= {{ business_date() }}
        {%- if first_month %}
        and {{ from_month_on('observation_date', first_month) }}
        {%- endif %}
    group by {{ month_first('observation_date') }}
),

delivered as (
    select
        {%- for figure in figures %}
        delivered.{{ figure }},
        {%- endfor %}
        delivered.business_date,
        delivered.batch_precedence,
        delivered.batch_id,
        delivered.source_sheet,
        delivered.source_row
    from {{ ref('stg_ml__customer_survival') }} as delivered
    inner join scoring on delivered.observation_date = scoring.observation_date
),

latest as (
    {{ pick_latest_small(
        'delivered', key=['customer_key', 'observation_date', 'month_number'], columns=figures,
    ) }}
)

select
    cast({{ month_first('observation_date') }} as date) as month_date,
    cast(customer_key as bigint) as customer_key,
    cast(observation_date as date) as observation_date,
    cast(model_version as {{ t_string() }}) as model_version,
    cast(month_number as int) as month_number,
    cast(survival_rate as double) as survival_rate
from latest
