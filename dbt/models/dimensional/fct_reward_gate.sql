-- One row per team, month that is over and condition of a reward: what was found, and whether it passes.
with report as (
    select
        subject_id as team_id,
        month_date,
        sum(case when is_missing or late_days > 0 then 1 else 0 end) as late_count,
        sum(case when not is_in_earnest then 1 else 0 end) as careless_count,
        sum(case when is_due then 1 else 0 end) as due_count,
        sum(case when submitted_date is not null then 1 else 0 end) as submitted_count
    from {{ ref('fct_report_submission') }}
    where subject_type_code = 'team'
    group by subject_id, month_date
),

ledger as (
    select
        team_id,
        month_date,
        sum(wrong_row_count) as wrong_count,
        sum(sampled_row_count) as sampled_count
    from {{ ref('fct_ledger_check') }}
    group by team_id, month_date
),

visited as (
    select
        customer.customer_key,
        visit.employee_fk,
        visit.team_fk,
        visit.visited_date,
        min(case when visit.is_standing then 1 else 0 end) as standing_count,
        max(case when visit.verdict_code = 'false_report' then 1 else 0 end) as false_count
    from {{ ref('fct_visit') }} as visit
    inner join {{ ref('dim_customer') }} as customer on visit.customer_fk = customer.customer_pk
    group by customer.customer_key, visit.employee_fk, visit.team_fk, visit.visited_date
),

-- A denial that the supervisors' verdict holds against is none.
answer as (
    select
        team.team_id,
        {{ month_first('callback.called_date') }} as month_date,
        sum(
            case when callback.result_code = 'denied' then 1 - coalesce(visited.standing_count, 0) else 0 end
        ) as denied_count,
        sum(case when callback.result_code in ('denied', 'confirmed') then 1 else 0 end) as answer_count
    from {{ ref('fct_callback') }} as callback
    inner join {{ ref('dim_employee') }} as visitor on callback.visited_employee_fk = visitor.employee_pk
    inner join {{ ref('bridge_team_member') }} as team
        on visitor.employee_id = team.employee_id and {{ as_at('team', 'callback.visited_date') }}
    inner join {{ ref('dim_customer') }} as customer on callback.customer_fk = customer.customer_pk
    left join visited
        on customer.customer_key = visited.customer_key
        and callback.visited_employee_fk = visited.employee_fk
        and callback.visited_date = visited.visited_date
    group by team.team_id, {{ month_first('callback.called_date') }}
),

-- Only what people found: a visit that a customer denied is not yet a false one.
found_false as (
    select
        team.team_id,
        {{ month_first('visited.visited_date') }} as month_date,
        sum(visited.false_count) as false_count
    from visited
    inner join {{ ref('dim_team') }} as team on visited.team_fk = team.team_pk
    group by team.team_id, {{ month_first('visited.visited_date') }}
),

confirmed as (
    select
        subject_id as team_id,
        period_start_date as month_date,
        count(*) as confirmed_count
    from {{ ref('int_incentive__read_decision') }}
    where incentive_code = 'false_report' and subject_type_code = 'team' and decision_code = 'confirmed'
    group by subject_id, period_start_date
),

found as (
    select
        team_month.team_fk,
        team_month.team_id,
        team_month.month_date,
        rule.condition_code,
        rule.maximum_value,
        case rule.condition_code
            when 'false_report'
                then greatest(coalesce(found_false.false_count, 0), coalesce(confirmed.confirmed_count, 0))
            when 'late_report' then coalesce(report.late_count, 0)
            when 'careless_report' then coalesce(report.careless_count, 0)
            when 'ledger_error' then coalesce(ledger.wrong_count, 0)
            when 'denied_visit' then coalesce(answer.denied_count, 0)
        end as evidence_count,
        case rule.condition_code
            when 'late_report' then coalesce(report.due_count, 0)
            when 'careless_report' then coalesce(report.submitted_count, 0)
            when 'ledger_error' then coalesce(ledger.sampled_count, 0)
            when 'denied_visit' then coalesce(answer.answer_count, 0)
        end as base_count,
        rule.condition_code in ('ledger_error', 'denied_visit') as is_rate
    from {{ ref('fct_team_month') }} as team_month
    inner join {{ ref('reward_gate_rule') }} as rule on {{ as_at('rule', 'team_month.month_date') }}
    left join report
        on team_month.team_id = report.team_id and team_month.month_date = report.month_date
    left join ledger
        on team_month.team_id = ledger.team_id and team_month.month_date = ledger.month_date
    left join answer
        on team_month.team_id = answer.team_id and team_month.month_date = answer.month_date
    left join found_false
        on team_month.team_id = found_false.team_id and team_month.month_date = found_false.month_date
    left join confirmed
        on team_month.team_id = confirmed.team_id and team_month.month_date = confirmed.month_date
    where team_month.is_month_over
),

valued as (
    select
        found.*,
        -- Where nothing was looked at, nothing was found.
        case
            when found.is_rate then coalesce({{ share_of('found.evidence_count', 'found.base_count') }}, 0)
            else cast(found.evidence_count as decimal(12, 8))
        end as found_value
    from found
)

select
    cast(team_fk as bigint) as team_fk,
    cast(team_id as {{ t_string() }}) as team_id,
    cast(condition_code as {{ t_string() }}) as condition_code,
    cast(evidence_count as int) as evidence_count,
    cast(base_count as int) as base_count,
    cast(found_value as decimal(12, 8)) as found_value,
    cast(maximum_value as decimal(12, 8)) as maximum_value,
    cast(found_value <= maximum_value as boolean) as is_passed,
    cast(month_date as date) as month_date
from valued
