-- One row per fine or reward: subject, breach or prize, and period.
with failed as (
    select
        team_id,
        month_date,
        {% for condition in ['false_report', 'late_report', 'careless_report', 'ledger_error', 'denied_visit'] -%}
        max(case when condition_code = '{{ condition }}' and not is_passed then '{{ condition }}' end)
            as {{ condition }}_code,
        {% endfor -%}
        min(case when is_passed then 1 else 0 end) as is_eligible
    from {{ ref('fct_reward_gate') }}
    group by team_id, month_date
),

-- However many proofs: one fine per subject, breach and period.
fine as (
    select
        incentive_code,
        'fine' as incentive_type_code,
        subject_type_code,
        subject_id,
        period_type,
        period_start_date,
        period_end_date,
        -max(fine_amount) as incentive_amount,
        null as reason_code,
        count(*) as proof_count
    from {{ ref('int_incentive__list_breach') }}
    group by
        incentive_code, subject_type_code, subject_id, period_type, period_start_date, period_end_date
),

reward as (
    select
        place.incentive_code,
        'reward' as incentive_type_code,
        'team' as subject_type_code,
        place.team_id as subject_id,
        'month' as period_type,
        place.month_date as period_start_date,
        {{ month_last('place.month_date') }} as period_end_date,
        place.reward_amount as incentive_amount,
        case
            when coalesce(failed.is_eligible, 1) = 0
                then
                    concat_ws(
                        ', ', failed.false_report_code, failed.late_report_code, failed.careless_report_code,
                        failed.ledger_error_code, failed.denied_visit_code
                    )
        end as reason_code,
        1 as proof_count
    from {{ ref('int_team__rank_reward') }} as place
    left join failed on place.team_id = failed.team_id and place.month_date = failed.month_date
    where
        place.is_first
        and {{ add_days(month_last('place.month_date'), 'place.known_after_days') }} <= {{ business_date() }}
),

line as (
    select * from fine
    union all
    select * from reward
),

-- A reward that a condition cancels stays cancelled, whatever is decided on it; all else is what people said
-- last, and is owed only once they confirmed it.
judged as (
    select
        line.*,
        decision.decided_date,
        decision.decider_id,
        coalesce(decision.decision_count, 0) as decision_count,
        case when line.subject_type_code = 'team' then line.subject_id end as team_id,
        case when line.subject_type_code = 'employee' then line.subject_id end as employee_id,
        case
            when line.reason_code is not null then 'cancelled'
            else coalesce(decision.decision_code, 'proposed')
        end as status_code
    from line
    left join {{ ref('int_incentive__read_decision') }} as decision
        on line.subject_type_code = decision.subject_type_code
        and line.subject_id = decision.subject_id
        and line.incentive_code = decision.incentive_code
        and line.period_start_date = decision.period_start_date
),

team as (
    {{ carried_versions(ref('dim_team'), 'team', 'team_id') }}
),

employee as (
    {{ carried_versions(ref('dim_employee'), 'employee', 'employee_id') }}
)

select
    cast({{ surrogate_key([
        'judged.subject_type_code', 'judged.subject_id', 'judged.incentive_code', 'judged.period_start_date'
    ]) }} as bigint) as incentive_pk,
    cast(judged.incentive_code as {{ t_string() }}) as incentive_code,
    cast(judged.incentive_type_code as {{ t_string() }}) as incentive_type_code,
    cast(judged.subject_type_code as {{ t_string() }}) as subject_type_code,
    cast(judged.subject_id as {{ t_string() }}) as subject_id,
    cast(coalesce(team.team_pk, {{ var('unassigned_pk') }}) as bigint) as team_fk,
    cast(coalesce(employee.employee_pk, {{ var('unassigned_pk') }}) as bigint) as employee_fk,
    cast(judged.period_type as {{ t_string() }}) as period_type,
    cast(judged.period_start_date as date) as period_start_date,
    cast(judged.period_end_date as date) as period_end_date,
    cast(judged.status_code as {{ t_string() }}) as status_code,
    cast(judged.reason_code as {{ t_string() }}) as reason_code,
    cast(judged.decided_date as date) as decided_date,
    cast(judged.decider_id as {{ t_string() }}) as decider_id,
    cast(judged.decision_count as int) as decision_count,
    cast(judged.proof_count as int) as proof_count,
    cast(judged.incentive_amount as decimal(18, 2)) as incentive_amount,
    cast(
        case when judged.status_code = 'confirmed' then judged.incentive_amount else 0 end as decimal(18, 2)
    ) as owed_amount,
    cast({{ month_first('judged.period_end_date') }} as date) as month_date
from judged
left join team
    on judged.team_id = team.team_id and {{ as_at('team', 'judged.period_end_date') }}
left join employee
    on judged.employee_id = employee.employee_id
    and {{ as_at('employee', 'judged.period_end_date') }}
