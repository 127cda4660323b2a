{{ config(meta={
    'owner': 'data team',
    'message': 'The reasons of a score, all others and its base do not add up to it. 评分的各项原因与基准值之和不等于评分。',
}) }}
-- One row per score of a probability (on the log-odds scale) or of value (in yuan) that its base, the reasons
-- told and all others do not add up to. Scores from before these were landed have no base.
with told as (
    select
        customer_key,
        model_name,
        month_date,
        sum(contribution) as contribution
    from {{ ref('fct_customer_score_reason') }}
    where {{ touched('month_date', 'month', always=True) }}
    group by customer_key, model_name, month_date
),

added as (
    select
        score.customer_key,
        score.model_name,
        score.month_date,
        case
            when score.model_name = 'value' then score.score
            else ln(score.score / (1 - score.score))
        end as told_amount,
        score.expected_contribution + score.other_contribution + coalesce(told.contribution, 0) as added_amount
    from {{ ref('fct_customer_score') }} as score
    left join told
        on score.customer_key = told.customer_key
        and score.model_name = told.model_name
        and score.month_date = told.month_date
    where
        score.model_name <> 'survival'
        and score.expected_contribution is not null
        and {{ touched('score.month_date', 'month', always=True) }}
)

select *
from added
where abs(told_amount - added_amount) > 0.000001 * greatest(abs(told_amount), 1)
