-- One row per complaint with a step: when it was first replied to, extended and first closed, and how
-- often it was reopened.
with step as (
    {{ pick_latest_small(
        ref('stg_service__complaint_step'),
        key=['complaint_id', 'step_number'],
        columns=['complaint_id', 'step_number', 'step_date', 'action_code'],
        where='step_date <= ' ~ business_date(),
    ) }}
)

select
    complaint_id,
    min(case when action_code = 'replied' then step_date end) as replied_date,
    min(case when action_code = 'extended' then step_date end) as extended_date,
    min(case when action_code = 'closed' then step_date end) as first_closed_date,
    sum(case when action_code = 'reopened' then 1 else 0 end) as reopened_count
from step
group by complaint_id
