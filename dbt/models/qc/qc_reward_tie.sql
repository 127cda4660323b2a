-- One row per month, reward and team that shares the first place with another: each stands for the whole reward.
select
    cast(coalesce(team_month.team_fk, {{ var('unassigned_pk') }}) as bigint) as team_fk,
    cast(place.team_id as {{ t_string() }}) as team_id,
    cast(place.incentive_code as {{ t_string() }}) as incentive_code,
    cast(place.score_rate as decimal(12, 8)) as score_rate,
    cast(place.opening_count as bigint) as opening_count,
    cast(place.overdue_count as bigint) as overdue_count,
    cast(place.reward_amount as decimal(18, 2)) as reward_amount,
    cast(place.month_date as date) as month_date
from {{ ref('int_team__rank_reward') }} as place
left join {{ ref('fct_team_month') }} as team_month
    on place.team_id = team_month.team_id and place.month_date = team_month.month_date
where
    place.is_tied
    and {{ month_last('place.month_date') }} <= {{ business_date() }}
