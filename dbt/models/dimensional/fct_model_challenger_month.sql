-- One row per model and month: champion and challenger of the month's last scoring that both took part in.
{{ partitioned_from_month('month_date') }}
{{ config(tags=['after_scores']) }}
{%- set first_month = rebuilt_from('fct_model_challenger_month', unfinished='1 = 0') %}
-- Both stand on the same customers, so that what differs is the versions and not whom they were asked of.
with scoring as (
    select
        model_name,
        {{ month_first('observation_date') }} as month_date,
        max(observation_date) as observation_date
    from {{ ref('stg_ml__customer_score') }}
    where
        role = 'challenger'
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
        delivered.role,
        delivered.score,
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
),

latest as (
    {{ pick_latest_small(
        'delivered',
        key=['customer_key', 'observation_date', 'model_name', 'role'],
        columns=[
            'customer_key', 'observation_date', 'model_name', 'model_version', 'role', 'score', 'scored_rank',
        ],
    ) }}
),

paired as (
    select
        champion.model_name,
        champion.observation_date,
        champion.model_version as champion_version,
        challenger.model_version as challenger_version,
        champion.score as champion_score,
        challenger.score as challenger_score,
        champion.scored_rank as champion_rank,
        challenger.scored_rank as challenger_rank,
        count(*) over (partition by champion.model_name, champion.observation_date) as scored_count
    from latest as champion
    inner join latest as challenger
        on champion.customer_key = challenger.customer_key
        and champion.observation_date = challenger.observation_date
        and champion.model_name = challenger.model_name
    where champion.role = 'champion' and challenger.role = 'challenger'
),

compared as (
    select
        model_name,
        observation_date,
        max(champion_version) as champion_version,
        max(challenger_version) as challenger_version,
        count(*) as customer_count,
        avg(champion_score) as champion_mean_score,
        avg(challenger_score) as challenger_mean_score,
        avg(abs(challenger_score - champion_score)) as mean_distance,
        corr(champion_rank, challenger_rank) as rank_correlation,
        sum(case when champion_rank * 10 <= scored_count then 1 else 0 end) as top_count,
        sum(
            case
                when
                    champion_rank * 10 <= scored_count
                    and challenger_rank * 10 <= scored_count
                    then 1
                else 0
            end
        ) as shared_top_count
    from paired
    group by model_name, observation_date
)

select
    cast(model_name as {{ t_string() }}) as model_name,
    cast({{ month_first('observation_date') }} as date) as month_date,
    cast(observation_date as date) as observation_date,
    cast(champion_version as {{ t_string() }}) as champion_version,
    cast(challenger_version as {{ t_string() }}) as challenger_version,
    cast(customer_count as bigint) as customer_count,
    cast(round(champion_mean_score, 9) as double) as champion_mean_score,
    cast(round(challenger_mean_score, 9) as double) as challenger_mean_score,
    cast(round(mean_distance, 9) as double) as mean_distance,
    cast(round(rank_correlation, 9) as double) as rank_correlation,
    cast(top_count as bigint) as top_count,
    cast(shared_top_count as bigint) as shared_top_count
from compared
