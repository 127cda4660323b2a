-- One row per team, breach, period and proof: late reports, false visits, weeks without a ledger.
with late_report as (
    select
        case when report_code = 'weekly_summary' then 'missing_weekly' else 'missing_monthly' end as incentive_code,
        subject_id as team_id,
        period_start_date,
        period_end_date,
        case when submitted_date is null then 'missing' else 'late' end as proof_code,
        due_date as proof_date,
        coalesce(late_days, 0) as proof_value
    from {{ ref('fct_report_submission') }}
    where subject_type_code = 'team' and is_due and not is_on_time and (is_missing or submitted_date is not null)
),

-- A visit that the supervisors found false, or that the customer denied while they have not decided: that is
-- evidence, and whether somebody pays, people decide.
false_visit as (
    select
        team.team_id,
        visit.customer_fk,
        visit.employee_fk,
        visit.visited_date,
        min(case when visit.verdict_code is null then 'denied' else 'found_false' end) as proof_code,
        min(coalesce(visit.decided_date, visit.denied_date)) as proof_date
    from {{ ref('fct_visit') }} as visit
    inner join {{ ref('dim_team') }} as team on visit.team_fk = team.team_pk
    where not visit.is_standing and visit.team_fk <> {{ var('unassigned_pk') }}
    group by team.team_id, visit.customer_fk, visit.employee_fk, visit.visited_date
),

first_entry as (
    select
        team.team_id,
        day.week_start_date,
        min(visit.entered_date) as entered_date
    from {{ ref('fct_visit') }} as visit
    inner join {{ ref('dim_team') }} as team on visit.team_fk = team.team_pk
    inner join {{ ref('dim_date') }} as day on visit.visited_date = day.date_pk
    where visit.team_fk <> {{ var('unassigned_pk') }}
    group by team.team_id, day.week_start_date
),

owing_team as (
    select distinct
        team.team_id,
        requirement.month_date
    from {{ ref('fct_visit_requirement') }} as requirement
    inner join {{ ref('dim_team') }} as team on requirement.team_fk = team.team_pk
    where requirement.required_count > 0
),

-- A team that owed visits and entered none of the week's, or none while the register was open.
empty_ledger as (
    select
        ledger.team_id,
        ledger.week_start_date,
        ledger.week_end_date
    from {{ ref('fct_ledger_check') }} as ledger
    inner join {{ ref('fine_rule') }} as rule
        on rule.incentive_code = 'missing_ledger' and {{ as_at('rule', 'ledger.week_end_date') }}
    inner join owing_team
        on ledger.team_id = owing_team.team_id and ledger.month_date = owing_team.month_date
    left join first_entry
        on ledger.team_id = first_entry.team_id and ledger.week_start_date = first_entry.week_start_date
    where
        first_entry.entered_date is null
        or first_entry.entered_date > {{ add_days('ledger.week_end_date', 'rule.known_after_days') }}
    group by ledger.team_id, ledger.week_start_date, ledger.week_end_date
)

select
    incentive_code,
    team_id,
    period_start_date,
    period_end_date,
    proof_code,
    proof_date,
    'fct_report_submission' as fact_name,
    {{ var('unassigned_pk') }} as customer_fk,
    {{ var('unassigned_pk') }} as employee_fk,
    proof_value
from late_report
union all
select
    'false_report' as incentive_code,
    team_id,
    {{ month_first('visited_date') }} as period_start_date,
    {{ month_last('visited_date') }} as period_end_date,
    proof_code,
    proof_date,
    'fct_visit' as fact_name,
    customer_fk,
    employee_fk,
    {{ days_between('visited_date', 'proof_date') }} as proof_value
from false_visit
union all
select
    'missing_ledger' as incentive_code,
    team_id,
    week_start_date as period_start_date,
    week_end_date as period_end_date,
    'empty' as proof_code,
    week_end_date as proof_date,
    'fct_ledger_check' as fact_name,
    {{ var('unassigned_pk') }} as customer_fk,
    {{ var('unassigned_pk') }} as employee_fk,
    0 as proof_value
from empty_ledger
