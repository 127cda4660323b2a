-- One row per month, theme of features and population: what the theme adds to the expected leavers.
{{ partitioned_from_month('month_date') }}
{{ config(tags=['after_scores']) }}
{%- set first_month = rebuilt_from('fct_churn_cause_month', unfinished='1 = 0') %}
{%- set figures = [
    'observation_date', 'model_version', 'theme_code', 'population_code', 'customer_count',
    'expected_count', 'pushed_count', 'accounted_count', 'kept_count',
] %}
with scoring as (
    select max(observation_date) as observation_date
    from {{ ref('stg_ml__churn_cause') }}
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
    from {{ ref('stg_ml__churn_cause') }} as delivered
    inner join scoring on delivered.observation_date = scoring.observation_date
),

latest as (
    {{ pick_latest_small(
        'delivered', key=['observation_date', 'theme_code', 'population_code'], columns=figures,
    ) }}
)

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
