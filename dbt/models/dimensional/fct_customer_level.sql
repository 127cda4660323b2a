-- One row per customer and stretch of days with one level, with what called for it, how late it came and
-- the visit that noted it.
with level as (
    select * from {{ ref('int_level__track_version') }}
),

customer as (
    {{ carried_versions(ref('dim_customer'), 'customer', 'customer_key', ['manager_fk', 'class_code']) }}
),

-- The first trigger since the level before began, of those that the rule looks back on and that call for a change
-- that way. One that comes back as it was may have any.
found as (
    select
        level.customer_key,
        level.valid_from_date,
        happened.trigger_code,
        happened.trigger_date,
        row_number() over (
            partition by level.customer_key, level.valid_from_date
            order by happened.trigger_date, happened.trigger_code
        ) as trigger_rank
    from level
    inner join {{ ref('fct_level_trigger') }} as happened
        on level.customer_key = happened.customer_key
        and level.valid_from_date >= happened.trigger_date
        and level.earlier_from_date <= happened.trigger_date
    inner join {{ ref('level_trigger_rule') }} as rule
        on happened.trigger_code = rule.trigger_code
        and {{ as_at('rule', 'happened.trigger_date') }}
        and {{ days_between('happened.trigger_date', 'level.valid_from_date') }} <= rule.look_back_days
        and level.change_code in (rule.direction_code, 'back')
),

-- The last visit up to the change, since its trigger.
noted as (
    select
        found.customer_key,
        found.valid_from_date,
        visit.visited_date,
        visit.employee_fk,
        row_number() over (
            partition by found.customer_key, found.valid_from_date
            order by visit.visited_date desc, visit.visited_time desc nulls last, visit.employee_fk
        ) as visit_rank
    from found
    inner join {{ ref('dim_customer') }} as version on found.customer_key = version.customer_key
    inner join {{ ref('fct_visit') }} as visit
        on version.customer_pk = visit.customer_fk
        and found.trigger_date <= visit.visited_date
        and found.valid_from_date >= visit.visited_date
        and visit.is_acceptable
        and visit.is_standing
    where found.trigger_rank = 1
)

select
    cast(coalesce(customer.customer_pk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(level.customer_key as bigint) as customer_key,
    cast(coalesce(customer.manager_fk, {{ var('unassigned_pk') }}) as bigint) as manager_fk,
    cast(level.level_code as {{ t_string() }}) as level_code,
    cast(level.earlier_level_code as {{ t_string() }}) as earlier_level_code,
    cast(level.change_code as {{ t_string() }}) as change_code,
    cast(mapped.class_code as {{ t_string() }}) as level_class_code,
    cast(customer.class_code as {{ t_string() }}) as recorded_class_code,
    cast(found.trigger_code as {{ t_string() }}) as trigger_code,
    cast(found.trigger_date as date) as trigger_date,
    cast({{ days_between('found.trigger_date', 'level.valid_from_date') }} as int) as latency_days,
    cast(noted.visited_date as date) as visited_date,
    cast(coalesce(noted.employee_fk, {{ var('unassigned_pk') }}) as bigint) as visitor_fk,
    cast(level.valid_from_date as date) as valid_from_date,
    cast(level.valid_to_date as date) as valid_to_date,
    cast(level.valid_to_date > {{ business_date() }} as boolean) as is_current
from level
left join customer
    on level.customer_key = customer.customer_key and {{ as_at('customer', 'level.valid_from_date') }}
left join {{ ref('level_class') }} as mapped
    on level.level_code = mapped.level_code
    and {{ as_at('mapped', 'least(' ~ business_date() ~ ', ' ~ add_days('level.valid_to_date', -1) ~ ')') }}
left join found
    on level.customer_key = found.customer_key
    and level.valid_from_date = found.valid_from_date
    and found.trigger_rank = 1
left join noted
    on level.customer_key = noted.customer_key
    and level.valid_from_date = noted.valid_from_date
    and noted.visit_rank = 1
