-- One row per answer on a paper that came back and contradiction to what is known: two answers, no such visit, another
-- way of checking than the roster has, or a customer who has another manager by then.
with called as (
    select
        leader.employee_id as leader_id,
        customer.customer_key,
        visitor.employee_id as visitor_id,
        callback.called_date,
        callback.visited_date,
        callback.mode_code,
        manager.employee_id as manager_id
    from {{ ref('fct_callback') }} as callback
    inner join {{ ref('dim_employee') }} as leader on callback.leader_fk = leader.employee_pk
    inner join {{ ref('dim_customer') }} as customer on callback.customer_fk = customer.customer_pk
    inner join {{ ref('dim_employee') }} as manager on customer.manager_fk = manager.employee_pk
    left join {{ ref('dim_employee') }} as visitor
        on callback.visited_employee_fk = visitor.employee_pk and visitor.employee_pk <> {{ var('unassigned_pk') }}
    where callback.customer_fk <> {{ var('unassigned_pk') }}
),

visited as (
    select distinct
        customer.customer_key,
        employee.employee_id,
        visit.visited_date
    from {{ ref('fct_visit') }} as visit
    inner join {{ ref('dim_customer') }} as customer on visit.customer_fk = customer.customer_pk
    inner join {{ ref('dim_employee') }} as employee on visit.employee_fk = employee.employee_pk
),

conflict as (
    select
        paper_code,
        'answered_twice' as reason_code,
        subject_id,
        customer_key,
        answer_date,
        first_text,
        second_text,
        first_file_name,
        second_file_name
    from {{ ref('int_report__find_contradicted') }}
    union all
    select
        'fieldwork__callback' as paper_code,
        'no_such_visit' as reason_code,
        called.leader_id as subject_id,
        called.customer_key,
        called.called_date as answer_date,
        called.visitor_id as first_text,
        cast(called.visited_date as {{ t_string() }}) as second_text,
        null as first_file_name,
        null as second_file_name
    from called
    left join visited
        on called.customer_key = visited.customer_key
        and called.visitor_id = visited.employee_id
        and called.visited_date = visited.visited_date
    where called.visitor_id is not null and called.visited_date is not null and visited.customer_key is null
    union all
    select
        'fieldwork__callback' as paper_code,
        'other_mode' as reason_code,
        called.leader_id as subject_id,
        called.customer_key,
        called.called_date as answer_date,
        duty.mode_code as first_text,
        called.mode_code as second_text,
        null as first_file_name,
        null as second_file_name
    from called
    inner join {{ ref('fct_duty') }} as duty
        on called.leader_id = duty.leader_id and called.called_date = duty.duty_date
    where called.mode_code <> duty.mode_code
    union all
    select
        'fieldwork__callback' as paper_code,
        'customer_moved' as reason_code,
        called.leader_id as subject_id,
        called.customer_key,
        called.called_date as answer_date,
        earlier.employee_id as first_text,
        called.manager_id as second_text,
        null as first_file_name,
        null as second_file_name
    from called
    inner join {{ ref('dim_customer') }} as customer
        on called.customer_key = customer.customer_key and {{ as_at('customer', 'called.visited_date') }}
    inner join {{ ref('dim_employee') }} as earlier on customer.manager_fk = earlier.employee_pk
    where earlier.employee_id <> called.manager_id
)

select
    cast(paper_code as {{ t_string() }}) as paper_code,
    cast(reason_code as {{ t_string() }}) as reason_code,
    cast(subject_id as {{ t_string() }}) as subject_id,
    cast(customer_key as bigint) as customer_key,
    cast(answer_date as date) as answer_date,
    cast(first_text as {{ t_string() }}) as first_text,
    cast(second_text as {{ t_string() }}) as second_text,
    cast(first_file_name as {{ t_string() }}) as first_file_name,
    cast(second_file_name as {{ t_string() }}) as second_file_name
from conflict
