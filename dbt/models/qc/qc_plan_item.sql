-- One row per item of the year's plan and doubt about it: no such week, no such owner, written twice, or not done.
with doubt as (
    select
        item_id,
        refusal_code as reason_code,
        plan_year,
        iso_week,
        item_text,
        owner_type_code,
        owner_id,
        target_quantity,
        actual_quantity
    from {{ ref('fct_plan_item') }}
    where refusal_code is not null
    union all
    select
        item_id,
        'reported_done' as reason_code,
        plan_year,
        iso_week,
        item_text,
        owner_type_code,
        owner_id,
        target_quantity,
        actual_quantity
    from {{ ref('fct_plan_item') }}
    where is_contradicted
)

select
    cast(item_id as {{ t_string() }}) as item_id,
    cast(reason_code as {{ t_string() }}) as reason_code,
    cast(plan_year as int) as plan_year,
    cast(iso_week as int) as iso_week,
    cast(item_text as {{ t_string() }}) as item_text,
    cast(owner_type_code as {{ t_string() }}) as owner_type_code,
    cast(owner_id as {{ t_string() }}) as owner_id,
    cast(target_quantity as decimal(18, 4)) as target_quantity,
    cast(actual_quantity as decimal(18, 4)) as actual_quantity
from doubt
