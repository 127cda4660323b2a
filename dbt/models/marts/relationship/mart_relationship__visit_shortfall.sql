-- One row per manager, level and running period whose visits cannot all be made: the rule that cannot be
-- kept, and by how many customers and visits.
with summed as (
    select
        employee_id,
        employee_name,
        team_name,
        level_code,
        period_type,
        period_end_date,
        count(*) as customer_count,
        sum(case when planned_count < left_count then 1 else 0 end) as short_customer_count,
        sum(left_count) as left_count,
        sum(planned_count) as planned_count,
        sum(short_of_days_count) as short_of_days_count,
        sum(short_of_hours_count) as short_of_hours_count,
        sum(short_of_hours_count * visit_minutes) as missing_minutes,
        max(available_minutes) as available_minutes
    from {{ ref('mart_relationship__visit_plan') }}
    group by employee_id, employee_name, team_name, level_code, period_type, period_end_date
)

select
    cast(employee_id as {{ t_string() }}) as employee_id,
    cast(employee_name as {{ t_string() }}) as employee_name,
    cast(team_name as {{ t_string() }}) as team_name,
    cast(level_code as {{ t_string() }}) as level_code,
    cast(period_type as {{ t_string() }}) as period_type,
    cast(period_end_date as date) as period_end_date,
    cast(customer_count as bigint) as customer_count,
    cast(short_customer_count as bigint) as short_customer_count,
    cast(left_count as bigint) as left_count,
    cast(planned_count as bigint) as planned_count,
    cast(short_of_days_count as bigint) as short_of_days_count,
    cast(short_of_hours_count as bigint) as short_of_hours_count,
    cast(missing_minutes as bigint) as missing_minutes,
    cast(available_minutes as bigint) as available_minutes
from summed
where planned_count < left_count
