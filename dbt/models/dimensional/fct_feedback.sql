-- One row per opinion that a customer gave, with the contact that answered it.
{{ partitioned_from_month('month_date') }}
with opinion as (
    select * from {{ ref('int_visit__list_opinions') }}
),

contact as (
    select
        customer.customer_key,
        visit.visited_date as contact_date,
        visit.visit_way_code as contact_way_code
    from {{ ref('fct_visit') }} as visit
    inner join {{ ref('dim_customer') }} as customer on visit.customer_fk = customer.customer_pk
    where visit.outcome_code <> 'absent' and visit.is_standing
    union all
    select
        customer.customer_key,
        callback.called_date as contact_date,
        'callback' as contact_way_code
    from {{ ref('fct_callback') }} as callback
    inner join {{ ref('dim_customer') }} as customer on callback.customer_fk = customer.customer_pk
    where callback.result_code <> 'not_reached'
),

answered as (
    select
        opinion.feedback_pk,
        contact.contact_date,
        contact.contact_way_code,
        row_number() over (
            partition by opinion.feedback_pk
            order by contact.contact_date, contact.contact_way_code
        ) as nth_contact
    from opinion
    inner join contact
        on opinion.customer_key = contact.customer_key
        and opinion.heard_date < contact.contact_date
        -- The next contact long after is another matter; and months further back are not rebuilt.
        and contact.contact_date <= least(opinion.counted_until_date, {{ business_date() }})
),

customer as (
    {{ carried_versions(ref('dim_customer'), 'customer', 'customer_key') }}
),

employee as (
    {{ carried_versions(ref('dim_employee'), 'employee', 'employee_id') }}
)

select
    cast(opinion.feedback_pk as bigint) as feedback_pk,
    cast(opinion.source_code as {{ t_string() }}) as source_code,
    cast(coalesce(customer.customer_pk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(opinion.customer_key as bigint) as customer_key,
    cast(coalesce(employee.employee_pk, {{ var('unassigned_pk') }}) as bigint) as employee_fk,
    cast(opinion.heard_date as date) as heard_date,
    cast(opinion.character_count as int) as character_count,
    cast(opinion.reply_due_date as date) as reply_due_date,
    cast(answered.contact_date as date) as replied_date,
    cast(answered.contact_way_code as {{ t_string() }}) as reply_way_code,
    cast({{ days_between('opinion.heard_date', 'answered.contact_date') }} as int) as reply_days,
    cast({{ kept_by('answered.contact_date', 'opinion.reply_due_date') }} as boolean) as is_replied_on_time,
    cast(1 as int) as feedback_count,
    cast({{ month_first('opinion.heard_date') }} as date) as month_date
from opinion
left join answered on opinion.feedback_pk = answered.feedback_pk and answered.nth_contact = 1
left join customer
    on opinion.customer_key = customer.customer_key and {{ as_at('customer', 'opinion.heard_date') }}
left join employee
    on opinion.employee_id = employee.employee_id and {{ as_at('employee', 'opinion.heard_date') }}
