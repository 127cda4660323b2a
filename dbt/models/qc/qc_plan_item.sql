-- One row per item of the year's plan and doubt about it: no such week, no such owner, written twice, or not done.
select
    cast(item_id as {{ t_string() }}) as item_id,
    -- Only an item that is taken can be held against the records.
    cast(coalesce(refusal_code, 'reported_done') as {{ t_string() }}) as reason_code,
    cast(plan_year as int) as plan_year,
    cast(iso_week as int) as iso_week,
    cast(item_text as {{ t_string() }}) as item_text,
    cast(owner_type_code as {{ t_string() }}) as owner_type_code,
    cast(owner_id as {{ t_string() }}) as owner_id,
    cast(target_quantity as decimal(18, 4)) as target_quantity,
    cast(actual_quantity as decimal(18, 4)) as actual_quantity
from {{ ref('fct_plan_item') }}
where refusal_code is not null or is_contradicted
