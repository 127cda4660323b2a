-- One row per fine or reward that was decided on although nothing of the kind is proposed, or may be owed.
select
    cast(decision.subject_type_code as {{ t_string() }}) as subject_type_code,
    cast(decision.subject_id as {{ t_string() }}) as subject_id,
    cast(decision.incentive_code as {{ t_string() }}) as incentive_code,
    cast(decision.period_start_date as date) as period_start_date,
    cast(decision.decided_date as date) as decided_date,
    cast(decision.decision_code as {{ t_string() }}) as decision_code,
    cast(
        case when incentive.incentive_pk is null then 'no_line' else 'cancelled_reward' end
        as {{ t_string() }}
    ) as reason_code
from {{ ref('int_incentive__read_decision') }} as decision
left join {{ ref('fct_incentive') }} as incentive
    on decision.subject_type_code = incentive.subject_type_code
    and decision.subject_id = incentive.subject_id
    and decision.incentive_code = incentive.incentive_code
    and decision.period_start_date = incentive.period_start_date
where
    incentive.incentive_pk is null
    or incentive.status_code = 'cancelled' and decision.decision_code = 'confirmed'
