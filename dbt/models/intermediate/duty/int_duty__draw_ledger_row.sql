-- One row per visit that is drawn from a team's ledger of a week for the leader's check, and what is wrong with it.
with team_visit as (
    select
        team.team_id,
        day.week_start_date,
        visit.visit_way_code,
        visit.visited_date,
        entered_day.working_day_number - day.working_day_number as entry_working_days,
        coalesce(trim(visit.next_step_code), '') = '' as is_step_missing,
        visit.is_standing,
        row_number() over (
            partition by team.team_id, day.week_start_date
            order by
                {{ surrogate_key(['customer.customer_key', 'visit.employee_fk', 'visit.visited_date']) }},
                visit.visited_time nulls last,
                visit.customer_fk
        ) as draw_rank
    from {{ ref('fct_visit') }} as visit
    inner join {{ ref('dim_team') }} as team on visit.team_fk = team.team_pk
    inner join {{ ref('dim_customer') }} as customer on visit.customer_fk = customer.customer_pk
    inner join {{ ref('dim_date') }} as day on visit.visited_date = day.date_pk
    left join {{ ref('dim_date') }} as entered_day on visit.entered_date = entered_day.date_pk
    where visit.team_fk <> {{ var('unassigned_pk') }}
)

select
    team_visit.team_id,
    team_visit.week_start_date,
    team_visit.draw_rank,
    coalesce(team_visit.entry_working_days > validity.entry_within_working_days, true) as is_entered_late,
    team_visit.is_step_missing,
    team_visit.is_standing
from team_visit
inner join {{ ref('ledger_check_rule') }} as rule
    on {{ as_at('rule', 'team_visit.week_start_date') }} and team_visit.draw_rank <= rule.sampled_count
left join {{ ref('visit_validity') }} as validity
    on team_visit.visit_way_code = validity.visit_way_code
    and {{ as_at('validity', 'team_visit.visited_date') }}
