-- One row per subject, breach, period and proof that a fine is proposed for.
-- A check that comes when the register is taken to be complete comes too late, and undoes no fine.
with late_check as (
    select
        ledger.leader_id,
        ledger.week_start_date,
        ledger.week_end_date,
        case when ledger.checked_date is null then 'missing' else 'late' end as proof_code
    from {{ ref('fct_ledger_check') }} as ledger
    inner join {{ ref('fine_rule') }} as rule
        on rule.incentive_code = 'unchecked_ledger' and {{ as_at('rule', 'ledger.week_end_date') }}
    where
        ledger.checked_date is null
        or ledger.checked_date > {{ add_days('ledger.week_end_date', 'rule.known_after_days') }}
),

leader_breach as (
    -- Guidance that has not come when its register closes was not given: who it is that pays, the rule says.
    select
        'missing_guidance' as incentive_code,
        report.subject_id,
        report.period_start_date,
        report.period_end_date,
        case when report.submitted_date is null then 'missing' else 'late' end as proof_code,
        report.due_date as proof_date,
        'fct_report_submission' as fact_name,
        coalesce(report.late_days, 0) as proof_value
    from {{ ref('fct_report_submission') }} as report
    inner join {{ ref('fine_rule') }} as rule
        on rule.incentive_code = 'missing_guidance' and {{ as_at('rule', 'report.period_end_date') }}
    where
        report.report_code = 'weekly_guidance'
        and (report.is_missing or report.late_days > rule.known_after_days)
    union all
    select
        'missing_callback' as incentive_code,
        leader_id as subject_id,
        week_start_date as period_start_date,
        {{ add_days('week_start_date', 6) }} as period_end_date,
        'missing' as proof_code,
        duty_date as proof_date,
        'fct_duty' as fact_name,
        calls_due_count + on_site_due_count as proof_value
    from {{ ref('fct_duty') }}
    where is_in_charge and is_day_over and is_working_day and not is_fulfilled
    union all
    select
        'unchecked_ledger' as incentive_code,
        leader_id as subject_id,
        week_start_date as period_start_date,
        week_end_date as period_end_date,
        proof_code,
        week_end_date as proof_date,
        'fct_ledger_check' as fact_name,
        count(*) as proof_value
    from late_check
    group by leader_id, week_start_date, week_end_date, proof_code
),

breach as (
    select
        incentive_code,
        team_id as subject_id,
        period_start_date,
        period_end_date,
        proof_code,
        proof_date,
        fact_name,
        customer_fk,
        employee_fk,
        proof_value
    from {{ ref('int_incentive__list_team_breach') }}
    union all
    select
        incentive_code,
        subject_id,
        period_start_date,
        period_end_date,
        proof_code,
        proof_date,
        fact_name,
        {{ var('unassigned_pk') }} as customer_fk,
        {{ var('unassigned_pk') }} as employee_fk,
        proof_value
    from leader_breach
),

-- Nothing is proposed before the register of the breach is taken to be complete.
judged as (
    select
        breach.*,
        rule.subject_type_code,
        case when rule.scope_code = 'each_member' then rule.member_post_code end as paying_post_code,
        rule.period_type,
        rule.fine_amount
    from breach
    inner join {{ ref('fine_rule') }} as rule
        on breach.incentive_code = rule.incentive_code and {{ as_at('rule', 'breach.period_end_date') }}
    where {{ add_days('breach.proof_date', 'rule.known_after_days') }} <= {{ business_date() }}
)

select
    judged.incentive_code,
    judged.subject_type_code,
    coalesce(member.employee_id, judged.subject_id) as subject_id,
    judged.period_type,
    judged.period_start_date,
    judged.period_end_date,
    judged.fine_amount,
    judged.proof_code,
    judged.proof_date,
    judged.fact_name,
    judged.customer_fk,
    judged.employee_fk,
    judged.proof_value
from judged
left join {{ ref('dim_employee') }} as member
    on judged.paying_post_code = member.post_code
    and {{ as_at('member', 'judged.period_end_date') }}
    and coalesce(member.left_date, {{ open_valid_date() }}) > judged.period_start_date
where judged.paying_post_code is null or member.employee_id is not null
