-- One row per customer, business date and kind of event, with what its answer was.
with answer as (
    select
        rule.event_code,
        rule.order_number,
        rule.event_name_zh,
        rule.event_name_en,
        rule.next_step_zh,
        rule.next_step_en,
        event.customer_key,
        event.event_date,
        min(last_day.date_pk) as due_date
    from {{ ref('fct_customer_event') }} as event
    inner join {{ ref('event_answer') }} as rule
        on event.event_code = rule.event_code and {{ as_at('rule', 'event.event_date') }}
    inner join {{ ref('dim_date') }} as first_day on event.event_date = first_day.date_pk
    inner join {{ ref('dim_date') }} as last_day
        on first_day.working_day_number + rule.answer_working_days = last_day.working_day_number
    group by
        rule.event_code, rule.order_number, rule.event_name_zh, rule.event_name_en, rule.next_step_zh,
        rule.next_step_en, event.customer_key, event.event_date
),

-- Whoever had contact with him from that day on, as known today.
contacted as (
    select
        answer.customer_key,
        answer.event_code,
        answer.event_date,
        min(visit.visited_date) as answered_date
    from answer
    inner join {{ ref('dim_customer') }} as version on answer.customer_key = version.customer_key
    inner join {{ ref('fct_visit') }} as visit
        on version.customer_pk = visit.customer_fk
        and answer.event_date <= visit.visited_date
        and answer.due_date >= visit.visited_date
        and {{ visit_known_on('visit', business_date()) }}
    group by answer.customer_key, answer.event_code, answer.event_date
)

select
    cast(event.customer_fk as bigint) as customer_fk,
    cast(event.customer_key as bigint) as customer_key,
    cast(event.manager_fk as bigint) as manager_fk,
    cast(manager.employee_id as {{ t_string() }}) as employee_id,
    cast(manager.employee_name as {{ t_string() }}) as employee_name,
    cast(event.level_code as {{ t_string() }}) as level_code,
    cast(event.event_code as {{ t_string() }}) as event_code,
    cast(answer.order_number as int) as order_number,
    cast(answer.event_name_zh as {{ t_string() }}) as event_name_zh,
    cast(answer.event_name_en as {{ t_string() }}) as event_name_en,
    cast(event.event_date as date) as event_date,
    cast(event.amount as decimal(18, 2)) as amount,
    cast(answer.next_step_zh as {{ t_string() }}) as next_step_zh,
    cast(answer.next_step_en as {{ t_string() }}) as next_step_en,
    cast(answer.due_date as date) as due_date,
    cast(contacted.answered_date as date) as answered_date,
    cast(
        case
            when contacted.answered_date is not null then 'answered'
            when event.manager_fk = {{ var('unassigned_pk') }} then 'nobody'
            when answer.due_date >= {{ business_date() }} then 'open'
            else 'missed'
        end as {{ t_string() }}
    ) as status_code,
    cast(event.month_date as date) as month_date
from {{ ref('fct_customer_event') }} as event
inner join answer
    on event.customer_key = answer.customer_key
    and event.event_code = answer.event_code
    and event.event_date = answer.event_date
inner join {{ ref('dim_employee') }} as manager on event.manager_fk = manager.employee_pk
left join contacted
    on event.customer_key = contacted.customer_key
    and event.event_code = contacted.event_code
    and event.event_date = contacted.event_date
