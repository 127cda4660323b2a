-- One row per customer, model and month: the champion's score of the last scoring of the month.
{{ partitioned_from_month('month_date') }}
{{ config(tags=['after_scores']) }}
{%- set first_month = rebuilt_from('fct_customer_score', unfinished='1 = 0') %}
-- A bank is scored every night, but a month keeps one score: a year of nights would be more rows than
-- all its postings.
with scoring as (
    select
        model_name,
        {{ month_first('observation_date') }} as month_date,
        max(observation_date) as observation_date
    from {{ ref('stg_ml__customer_score') }}
    where
        role = 'champion'
        and observation_date <= {{ business_date() }}
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
        delivered.model_version,
        delivered.score,
        delivered.score_low,
        delivered.score_high,
        delivered.scored_rank,
        delivered.business_date,
        delivered.batch_precedence,
        delivered.batch_id,
        delivered.source_sheet,
        delivered.source_row
    from {{ ref('stg_ml__customer_score') }} as delivered
    inner join scoring
        on delivered.model_name = scoring.model_name
        and delivered.observation_date = scoring.observation_date
    where delivered.role = 'champion'
),

latest as (
    {{ pick_latest_small(
        'delivered',
        key=['customer_key', 'observation_date', 'model_name'],
        columns=[
            'customer_key', 'observation_date', 'model_name', 'model_version', 'score', 'score_low', 'score_high',
            'scored_rank',
        ],
    ) }}
),

customer as (
    {{ carried_versions(ref('dim_customer'), 'customer', 'customer_key') }}
)

select
    cast(coalesce(customer.customer_pk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(latest.customer_key as bigint) as customer_key,
    cast(latest.observation_date as date) as observation_date,
    cast(latest.model_name as {{ t_string() }}) as model_name,
    cast(latest.model_version as {{ t_string() }}) as model_version,
    cast(latest.score as double) as score,
    cast(latest.score_low as double) as score_low,
    cast(latest.score_high as double) as score_high,
    cast(latest.scored_rank as bigint) as scored_rank,
    cast(
        ntile(10) over (
            partition by latest.model_name, latest.observation_date
            order by latest.scored_rank, latest.customer_key
        ) as int
    ) as scored_decile,
    cast({{ month_first('latest.observation_date') }} as date) as month_date
from latest
left join customer
    on latest.customer_key = customer.customer_key
    and {{ as_at('customer', 'latest.observation_date') }}
