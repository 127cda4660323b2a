-- One row per team, month and reward: its score, and its place among the teams.
with best as (
    select
        team_month.*,
        max(team_month.volume_count) over (partition by team_month.month_date) as best_volume_count,
        max(team_month.opening_count) over (partition by team_month.month_date) as best_opening_count
    from {{ ref('int_team__sum_month') }} as team_month
),

-- A month in which nobody opened anything leaves the openings out: 0 for all.
scored as (
    select
        best.team_id,
        best.month_date,
        best.opening_count,
        best.overdue_count,
        rule.incentive_code,
        rule.reward_amount,
        rule.known_after_days,
        cast(
            rule.volume_weight_rate
            * coalesce({{ share_of('best.volume_count', 'best.best_volume_count') }}, 0)
            + rule.opening_weight_rate
            * coalesce({{ share_of('best.opening_count', 'best.best_opening_count') }}, 0) as decimal(12, 8)
        ) as score_rate
    from best
    inner join {{ ref('reward_rule') }} as rule on {{ as_at('rule', 'best.month_date') }}
),

-- Equal scores: more openings, then fewer visits overdue. Who is equal still shares the place.
ranked as (
    select
        scored.*,
        rank() over (
            partition by scored.month_date, scored.incentive_code
            order by scored.score_rate desc, scored.opening_count desc, scored.overdue_count
        ) as score_rank
    from scored
)

select
    team_id,
    month_date,
    incentive_code,
    reward_amount,
    known_after_days,
    score_rate,
    score_rank,
    opening_count,
    overdue_count,
    -- Nobody is first at nothing.
    score_rank = 1 and score_rate > 0 as is_first,
    score_rank = 1 and score_rate > 0
    and count(*) over (partition by month_date, incentive_code, score_rank) > 1 as is_tied
from ranked
