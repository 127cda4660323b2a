-- One row per subject, measure and period that a target was set for, by the newest list.
with target as (
    {{ pick_latest_small(
        ref('stg_planning__target'),
        key=['subject_type_code', 'subject_id', 'measure_code', 'period_start_date'],
        columns=[
            'subject_type_code', 'subject_id', 'measure_code', 'period_start_date',
            'period_end_date', 'target_value',
        ],
        where=in_last_list(ref('stg_planning__target')),
    ) }}
)

select
    cast(subject_type_code as {{ t_string() }}) as subject_type_code,
    cast(subject_id as {{ t_string() }}) as subject_id,
    cast(measure_code as {{ t_string() }}) as measure_code,
    cast(period_start_date as date) as period_start_date,
    cast(period_end_date as date) as period_end_date,
    cast(target_value as decimal(18, 4)) as target_value
from target
