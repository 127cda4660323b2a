-- One row per customer without a product of a group, product group and month of a scoring: how likely he
-- opens one.
{{ partitioned_from_month('month_date') }}
{{ config(tags=['after_scores']) }}
{%- set first_month = rebuilt_from('mart_marketing__propensity_month', unfinished='1 = 0') %}
with {{ told_reasons("told.reason_rank = 1 and told.contribution > 0 and "
    ~ propensity_group('told.model_name') ~ " is not null and " ~ in_rebuilt('told.month_date', first_month)) }},

scored as (
    select
        score.*,
        {{ propensity_group('score.model_name') }} as product_group_code
    from {{ ref('fct_customer_score') }} as score
    where
        {{ propensity_group('score.model_name') }} is not null
        and {{ in_rebuilt('score.month_date', first_month) }}
),

observed as (
    select distinct
        product_group_code,
        observation_date
    from scored
),

-- As the group was called on the day of the scoring.
named as (
    select
        observed.product_group_code,
        observed.observation_date,
        max(called.product_group_name_zh) as product_group_name_zh,
        max(called.product_group_name_en) as product_group_name_en
    from observed
    inner join {{ ref('product_group') }} as called
        on observed.product_group_code = called.product_group_code
        and {{ as_at('called', 'observed.observation_date') }}
    group by observed.product_group_code, observed.observation_date
)

select
    cast(scored.customer_key as bigint) as customer_key,
    cast(scored.customer_fk as bigint) as customer_fk,
    cast(scored.product_group_code as {{ t_string() }}) as product_group_code,
    cast(named.product_group_name_zh as {{ t_string() }}) as product_group_name_zh,
    cast(named.product_group_name_en as {{ t_string() }}) as product_group_name_en,
    cast(scored.observation_date as date) as observation_date,
    cast(scored.score as double) as propensity_score,
    cast(scored.score_low as double) as propensity_score_low,
    cast(scored.score_high as double) as propensity_score_high,
    cast(scored.scored_rank as bigint) as propensity_rank,
    cast(scored.scored_decile as int) as propensity_decile,
    cast(reason.reason_zh as {{ t_string() }}) as reason_zh,
    cast(reason.reason_en as {{ t_string() }}) as reason_en,
    cast(scored.model_version as {{ t_string() }}) as model_version,
    cast(scored.month_date as date) as month_date
from scored
left join named
    on scored.product_group_code = named.product_group_code
    and scored.observation_date = named.observation_date
left join told_reason as reason
    on scored.customer_key = reason.customer_key
    and scored.month_date = reason.month_date
    and scored.model_name = reason.model_name
