-- One row per team and month since field work began: maintenance volume, accounts opened, scores and places.
with placed as (
    select
        team_id,
        month_date,
        max(case when incentive_code = 'maintenance_first' then score_rate end) as volume_rate,
        max(case when incentive_code = 'opening_first' then score_rate end) as opening_rate,
        max(case when incentive_code = 'composite_first' then score_rate end) as composite_rate,
        max(case when incentive_code = 'maintenance_first' then score_rank end) as volume_rank,
        max(case when incentive_code = 'opening_first' then score_rank end) as opening_rank,
        max(case when incentive_code = 'composite_first' then score_rank end) as composite_rank
    from {{ ref('int_team__rank_reward') }}
    group by team_id, month_date
),

team as (
    {{ carried_versions(ref('dim_team'), 'team', 'team_id') }}
)

select
    cast(coalesce(team.team_pk, {{ var('unassigned_pk') }}) as bigint) as team_fk,
    cast(summed.team_id as {{ t_string() }}) as team_id,
    cast({{ month_last('summed.month_date') }} <= {{ business_date() }} as boolean) as is_month_over,
    cast(summed.member_count as int) as member_count,
    cast(summed.required_count as bigint) as required_count,
    cast(summed.volume_count as bigint) as volume_count,
    cast(summed.maintained_count as bigint) as maintained_customer_count,
    cast(summed.overdue_count as bigint) as overdue_count,
    cast(summed.opened_count as bigint) as opened_count,
    cast(summed.opening_count as bigint) as opening_count,
    cast(placed.volume_rate as decimal(12, 8)) as volume_rate,
    cast(placed.opening_rate as decimal(12, 8)) as opening_rate,
    cast(placed.composite_rate as decimal(12, 8)) as composite_rate,
    cast(placed.volume_rank as int) as volume_rank,
    cast(placed.opening_rank as int) as opening_rank,
    cast(placed.composite_rank as int) as composite_rank,
    cast(summed.month_date as date) as month_date
from {{ ref('int_team__sum_month') }} as summed
left join placed on summed.team_id = placed.team_id and summed.month_date = placed.month_date
left join team
    on summed.team_id = team.team_id and {{ as_at('team', month_reached('summed.month_date')) }}
