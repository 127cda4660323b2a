-- One row per customer with a level, kind of trigger, day and month: what called for another level, and
-- whether it came in time.
{{ partitioned_from_month('month_date') }}
with trigger_day as (
    select
        happened.customer_key,
        happened.trigger_code,
        happened.trigger_date,
        happened.month_date,
        rule.direction_code,
        {{ add_days('happened.trigger_date', 'rule.answer_days') }} as due_date
    from {{ ref('int_level__find_trigger') }} as happened
    inner join {{ ref('level_trigger_rule') }} as rule
        on happened.trigger_code = rule.trigger_code and {{ as_at('rule', 'happened.trigger_date') }}
),

customer as (
    {{ carried_versions(ref('dim_customer'), 'customer', 'customer_key', ['manager_fk', 'level_code']) }}
),

answered as (
    select
        trigger_day.customer_key,
        trigger_day.trigger_code,
        trigger_day.trigger_date,
        min(level.valid_from_date) as answered_date
    from trigger_day
    inner join {{ ref('int_level__track_version') }} as level
        on trigger_day.customer_key = level.customer_key
        and level.change_code in (trigger_day.direction_code, 'back')
        and trigger_day.trigger_date <= level.valid_from_date
        and least(trigger_day.due_date, {{ business_date() }}) >= level.valid_from_date
    group by trigger_day.customer_key, trigger_day.trigger_code, trigger_day.trigger_date
),

-- Whoever was there in these days, as known when they were over.
visited as (
    select
        trigger_day.customer_key,
        trigger_day.trigger_code,
        trigger_day.trigger_date,
        min(visit.visited_date) as visited_date
    from trigger_day
    inner join {{ ref('dim_customer') }} as version on trigger_day.customer_key = version.customer_key
    inner join {{ ref('fct_visit') }} as visit
        on version.customer_pk = visit.customer_fk
        and trigger_day.trigger_date <= visit.visited_date
        and trigger_day.due_date >= visit.visited_date
        and {{ visit_known_on('visit', 'least(trigger_day.due_date, ' ~ business_date() ~ ')') }}
    group by trigger_day.customer_key, trigger_day.trigger_code, trigger_day.trigger_date
)

select
    cast(coalesce(customer.customer_pk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(trigger_day.customer_key as bigint) as customer_key,
    cast(coalesce(customer.manager_fk, {{ var('unassigned_pk') }}) as bigint) as manager_fk,
    cast(customer.level_code as {{ t_string() }}) as level_code,
    cast(trigger_day.trigger_code as {{ t_string() }}) as trigger_code,
    cast(trigger_day.trigger_date as date) as trigger_date,
    cast(trigger_day.due_date as date) as due_date,
    cast(visited.visited_date as date) as visited_date,
    cast(answered.answered_date as date) as answered_date,
    cast({{ days_between('trigger_day.trigger_date', 'answered.answered_date') }} as int) as answer_days,
    cast(case
        when answered.answered_date is not null then 'answered'
        when trigger_day.due_date >= {{ business_date() }} then 'open'
        else 'missed'
    end as {{ t_string() }}) as status_code,
    cast({{ month_days('trigger_day.month_date') }} as int) as days_count,
    cast(trigger_day.month_date as date) as month_date
from trigger_day
left join customer
    on trigger_day.customer_key = customer.customer_key
    and {{ as_at('customer', 'trigger_day.trigger_date') }}
left join answered
    on trigger_day.customer_key = answered.customer_key
    and trigger_day.trigger_code = answered.trigger_code
    and trigger_day.trigger_date = answered.trigger_date
left join visited
    on trigger_day.customer_key = visited.customer_key
    and trigger_day.trigger_code = visited.trigger_code
    and trigger_day.trigger_date = visited.trigger_date
