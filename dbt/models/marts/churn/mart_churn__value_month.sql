-- One row per month of a scoring and tenth of the customers by value: the forecast beside what came.
{{ config(tags=['after_scores']) }}
with scored as (
    select
        customer_key,
        month_date,
        observation_date,
        model_version,
        scored_decile,
        score,
        score_low,
        score_high,
        {{ add_months_to('month_date', 3) }} as last_month_date,
        {{ add_months_to('month_date', 12) }} as last_year_date
    from {{ ref('fct_customer_score') }}
    where model_name = 'value'
),

came as (
    select
        scored.customer_key,
        scored.month_date,
        sum(case when month.month_date <= scored.last_month_date then month.contribution_amount else 0 end)
            as quarter_amount,
        case
            when {{ month_last('scored.last_year_date') }} <= {{ business_date() }}
                then sum(coalesce(month.contribution_amount, 0))
        end as year_amount
    from scored
    left join {{ ref('fct_customer_month') }} as month
        on scored.customer_key = month.customer_key
        and scored.month_date < month.month_date
        and scored.last_year_date >= month.month_date
    where {{ month_last('scored.last_month_date') }} <= {{ business_date() }}
    group by scored.customer_key, scored.month_date, scored.last_month_date, scored.last_year_date
),

-- The forecast is the next quarter four times over, so what came is told at the same rate.
joined as (
    select
        scored.*,
        4 * came.quarter_amount as realised_amount,
        came.year_amount
    from scored
    left join came on scored.customer_key = came.customer_key and scored.month_date = came.month_date
)

select
    cast(month_date as date) as month_date,
    cast(max(observation_date) as date) as observation_date,
    cast(max(model_version) as {{ t_string() }}) as model_version,
    cast(scored_decile as int) as value_decile,
    cast(count(*) as bigint) as customer_count,
    cast(sum(cast(score as decimal(18, 2))) as decimal(18, 2)) as forecast_amount,
    cast(sum(realised_amount) as decimal(18, 2)) as realised_amount,
    cast(count(realised_amount) as bigint) as realised_count,
    cast(sum(year_amount) as decimal(18, 2)) as realised_year_amount,
    cast(sum(case when score_low is not null then 1 else 0 end) as bigint) as banded_count,
    cast(
        case
            when count(realised_amount) > 0
                then sum(case when realised_amount between score_low and score_high then 1 else 0 end)
        end as bigint
    ) as inside_count
from joined
group by month_date, scored_decile
