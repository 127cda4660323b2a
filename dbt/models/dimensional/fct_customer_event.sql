-- One row per customer, business date and kind of event that his manager should answer.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('fct_customer_event') %}
with customer as (
    {{ carried_versions(ref('dim_customer'), 'customer', 'customer_key', ['manager_fk', 'level_code']) }}
),

event as (
    select
        customer_key,
        event_code,
        event_date,
        amount
    from {{ ref('int_customer__find_event') }}
    union all
    select
        customer_key,
        event_code,
        event_date,
        amount
    from {{ ref('int_customer__find_salary_event') }}
),

dated as (
    select
        event.*,
        {{ month_first('event.event_date') }} as month_date
    from event
    where event.event_date <= {{ business_date() }}
)

select
    cast(customer.customer_pk as bigint) as customer_fk,
    cast(dated.customer_key as bigint) as customer_key,
    cast(customer.manager_fk as bigint) as manager_fk,
    cast(customer.level_code as {{ t_string() }}) as level_code,
    cast(dated.event_code as {{ t_string() }}) as event_code,
    cast(dated.event_date as date) as event_date,
    cast(dated.amount as decimal(18, 2)) as amount,
    cast({{ month_days('dated.month_date') }} as int) as days_count,
    cast(dated.month_date as date) as month_date
from dated
inner join customer
    on dated.customer_key = customer.customer_key and {{ as_at('customer', 'dated.event_date') }}
where {{ in_rebuilt('dated.month_date', first_month) }}
