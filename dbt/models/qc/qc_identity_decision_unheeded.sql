-- One row per decision of a clerk on two customer numbers that changed nothing, and why.
select
    cast(decision.decision_id as {{ t_string() }}) as decision_id,
    cast(decision.left_key as bigint) as left_key,
    cast(decision.right_key as bigint) as right_key,
    cast(decision.verdict_code as {{ t_string() }}) as verdict_code,
    cast(decision.decided_date as date) as decided_date,
    cast(
        case
            when decision.left_key = decision.right_key then 'one_number'
            when pair.left_key is null then 'no_record'
            else 'kept_apart'
        end as {{ t_string() }}
    ) as reason_code
from {{ ref('fct_identity_decision') }} as decision
left join {{ ref('fct_identity_pair') }} as pair
    on decision.left_key = pair.left_key and decision.right_key = pair.right_key
where
    decision.left_key = decision.right_key
    or decision.is_standing and pair.left_key is null
    or decision.is_standing and decision.verdict_code = 'same' and not pair.is_linked
