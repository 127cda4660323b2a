-- One row per model and month: champion and challenger of the month's last scoring that both took part in.
-- Both stand on the same customers, so that what differs is the versions and not whom they were asked of.
{{ config(tags=['after_scores']) }}
with latest as (
    {{ pick_latest_small(
        ref('stg_ml__customer_score'),
        key=['customer_key', 'observation_date', 'model_name', 'role'],
        columns=[
            'customer_key', 'observation_date', 'model_name', 'model_version', 'role', 'score', 'scored_rank',
        ],
        where='observation_date <= ' ~ business_date(),
    ) }}
),

paired as (
    select
        champion.model_name,
        champion.observation_date,
        {{ month_first('champion.observation_date') }} as month_date,
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

last_scoring as (
    select
        model_name,
        month_date,
        max(observation_date) as observation_date
    from paired
    group by model_name, month_date
),

compared as (
    select
        paired.model_name,
        paired.month_date,
        paired.observation_date,
        max(paired.champion_version) as champion_version,
        max(paired.challenger_version) as challenger_version,
        count(*) as customer_count,
        avg(paired.champion_score) as champion_mean_score,
        avg(paired.challenger_score) as challenger_mean_score,
        avg(abs(paired.challenger_score - paired.champion_score)) as mean_distance,
        corr(paired.champion_rank, paired.challenger_rank) as rank_correlation,
        sum(case when paired.champion_rank * 10 <= paired.scored_count then 1 else 0 end) as top_count,
        sum(
            case
                when
                    paired.champion_rank * 10 <= paired.scored_count
                    and paired.challenger_rank * 10 <= paired.scored_count
                    then 1
                else 0
            end
        ) as shared_top_count
    from paired
    inner join last_scoring
        on paired.model_name = last_scoring.model_name
        and paired.observation_date = last_scoring.observation_date
    group by paired.model_name, paired.month_date, paired.observation_date
)

select
    cast(model_name as {{ t_string() }}) as model_name,
    cast(month_date as date) as month_date,
    cast(observation_date as date) as observation_date,
    cast(champion_version as {{ t_string() }}) as champion_version,
    cast(challenger_version as {{ t_string() }}) as challenger_version,
    cast(customer_count as bigint) as customer_count,
    cast(champion_mean_score as double) as champion_mean_score,
    cast(challenger_mean_score as double) as challenger_mean_score,
    cast(mean_distance as double) as mean_distance,
    cast(rank_correlation as double) as rank_correlation,
    cast(top_count as bigint) as top_count,
    cast(shared_top_count as bigint) as shared_top_count
from compared
