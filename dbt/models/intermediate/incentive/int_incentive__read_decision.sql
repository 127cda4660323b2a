-- One row per fine or reward that was decided on: what was decided last.
{% set line = ['subject_type_code', 'subject_id', 'incentive_code', 'period_start_date'] %}
with decision as (
    {{ pick_latest_small(
        ref('stg_fieldwork__incentive_decision'),
        key=line + ['decided_date'],
        columns=line + ['decided_date', 'decision_code', 'decider_id'],
    ) }}
),

ranked as (
    select
        decision.*,
        row_number() over (
            partition by {{ line | join(', ') }} order by decided_date desc
        ) as newest_rank,
        count(*) over (partition by {{ line | join(', ') }}) as decision_count
    from decision
    where decided_date <= {{ business_date() }}
)

select
    {%- for column in line %}
    {{ column }},
    {%- endfor %}
    decided_date,
    decision_code,
    decider_id,
    decision_count
from ranked
where newest_rank = 1
