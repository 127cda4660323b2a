-- One row per contact attempt of an employee with a customer.
{{ partitioned_from_month('month_date') }}
with attempt as (
    select * from {{ ref('int_visit__judge') }}
),

-- An employee of two teams at a time visits for the one that comes first by number.
member as (
    select
        visitor.employee_id,
        visitor.visited_date,
        min(bridge.team_id) as team_id
    from (
        select distinct
            employee_id,
            visited_date
        from attempt
    ) as visitor
    inner join {{ ref('bridge_team_member') }} as bridge
        on visitor.employee_id = bridge.employee_id
        and {{ as_at('bridge', 'visitor.visited_date') }}
    group by visitor.employee_id, visitor.visited_date
),

customer as (
    {{ carried_versions(ref('dim_customer'), 'customer', 'customer_key', ['district_fk']) }}
),

employee as (
    {{ carried_versions(ref('dim_employee'), 'employee', 'employee_id') }}
),

team as (
    {{ carried_versions(ref('dim_team'), 'team', 'team_id', ['district_fk']) }}
)

select
    cast(
        {{ surrogate_key([
            'attempt.employee_id', 'attempt.customer_key', 'attempt.visited_date', 'attempt.visited_time',
        ]) }}
        as bigint
    ) as visit_pk,
    cast(coalesce(customer.customer_pk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(coalesce(employee.employee_pk, {{ var('unassigned_pk') }}) as bigint) as employee_fk,
    cast(coalesce(team.team_pk, {{ var('unassigned_pk') }}) as bigint) as team_fk,
    -- Where the customer lives or trades; where nobody wrote that down, the team's district.
    cast(
        case
            when coalesce(customer.district_fk, {{ var('unassigned_pk') }}) <> {{ var('unassigned_pk') }}
                then customer.district_fk
            else coalesce(team.district_fk, {{ var('unassigned_pk') }})
        end as bigint
    ) as district_fk,
    cast(attempt.visited_date as date) as visited_date,
    cast(attempt.visited_time as {{ t_string() }}) as visited_time,
    cast(attempt.entered_date as date) as entered_date,
    cast(attempt.visit_way_code as {{ t_string() }}) as visit_way_code,
    cast(attempt.purpose_code as {{ t_string() }}) as purpose_code,
    cast(attempt.outcome_code as {{ t_string() }}) as outcome_code,
    cast(attempt.next_step_code as {{ t_string() }}) as next_step_code,
    cast(attempt.duration_minutes as int) as duration_minutes,
    cast(attempt.expected_deposit_amount as decimal(18, 2)) as expected_deposit_amount,
    cast({{ days_between('attempt.visited_date', 'attempt.entered_date') }} as int)
        as entry_delay_days,
    cast(attempt.denied_date as date) as denied_date,
    cast(attempt.verdict_code as {{ t_string() }}) as verdict_code,
    cast(attempt.decided_date as date) as decided_date,
    cast(attempt.is_acceptable as boolean) as is_acceptable,
    cast(attempt.is_standing as boolean) as is_standing,
    cast(attempt.is_valid as boolean) as is_valid,
    cast(1 as int) as visit_count,
    cast({{ month_first('attempt.visited_date') }} as date) as month_date
from attempt
left join customer
    on attempt.customer_key = customer.customer_key
    and {{ as_at('customer', 'attempt.visited_date') }}
left join employee
    on attempt.employee_id = employee.employee_id
    and {{ as_at('employee', 'attempt.visited_date') }}
left join member
    on attempt.employee_id = member.employee_id and attempt.visited_date = member.visited_date
left join team
    on member.team_id = team.team_id and {{ as_at('team', 'attempt.visited_date') }}
