-- One row per customer, unit of the visitor, way of visiting and month: visits, and the minutes that were
-- entered for them with those that the rule adds. What was denied did not happen.
{%- set first_month = rebuilt_from('fct_account_month') %}
with history as (
    select min(month_date) as first_month_date from {{ ref('fct_transaction') }}
)

select
    cast(customer.customer_key as bigint) as customer_key,
    cast(employee.organisation_fk as bigint) as organisation_fk,
    cast(transaction_type.transaction_type_pk as bigint) as transaction_type_fk,
    cast(channel.channel_pk as bigint) as channel_fk,
    cast(rule.cost_pool_code as {{ t_string() }}) as cost_pool_code,
    cast(count(*) as bigint) as visit_count,
    cast(sum(coalesce(visit.duration_minutes, 0) + coalesce(rule.base_minutes, 0)) as decimal(18, 4))
        as minutes_count,
    cast(visit.month_date as date) as month_date
from {{ ref('fct_visit') }} as visit
inner join history on visit.month_date >= history.first_month_date
inner join {{ ref('dim_customer') }} as customer on visit.customer_fk = customer.customer_pk
inner join {{ ref('dim_employee') }} as employee on visit.employee_fk = employee.employee_pk
inner join {{ ref('dim_transaction_type') }} as transaction_type
    on transaction_type.transaction_type_code = 'customer_visit'
inner join {{ ref('dim_channel') }} as channel
    on channel.channel_code = 'visit_' || visit.visit_way_code
left join {{ ref('activity_time') }} as rule
    on transaction_type.transaction_type_code = rule.transaction_type_code
    and channel.channel_code = rule.channel_code
    and {{ as_at('rule', 'visit.month_date') }}
where
    visit.is_standing
    -- Time spent on nobody known is capacity that no customer used.
    and customer.customer_pk <> {{ var('unassigned_pk') }}
    and {{ in_rebuilt('visit.month_date', first_month) }}
group by
    customer.customer_key, employee.organisation_fk, transaction_type.transaction_type_pk,
    channel.channel_pk, rule.cost_pool_code, visit.month_date
