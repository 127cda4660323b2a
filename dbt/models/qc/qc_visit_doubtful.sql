-- One row per contact attempt and reason to doubt that it is entered as it was.
with attempt as (
    select
        visit.*,
        visitor.employee_id,
        customer.manager_fk,
        customer.customer_key,
        manager.employee_id as manager_id,
        lived_in.district_id as customer_district_id,
        walked.district_id as team_district_id,
        -- By whomever: of those of a customer and day that will do, one counts.
        sum(case when visit.is_acceptable and visit.is_standing then 1 else 0 end) over (
            partition by customer.customer_key, visit.visited_date
        ) as same_day_count
    from {{ ref('fct_visit') }} as visit
    inner join {{ ref('dim_employee') }} as visitor on visit.employee_fk = visitor.employee_pk
    inner join {{ ref('dim_customer') }} as customer on visit.customer_fk = customer.customer_pk
    inner join {{ ref('dim_employee') }} as manager on customer.manager_fk = manager.employee_pk
    inner join {{ ref('dim_district') }} as lived_in on customer.district_fk = lived_in.district_pk
    inner join {{ ref('dim_team') }} as team on visit.team_fk = team.team_pk
    inner join {{ ref('dim_district') }} as walked on team.district_fk = walked.district_pk
),

-- Who shares a team with the customer's manager on the day may go for him.
mate as (
    select distinct attempt.visit_pk
    from attempt
    inner join {{ ref('bridge_team_member') }} as of_visitor
        on attempt.employee_id = of_visitor.employee_id
        and {{ as_at('of_visitor', 'attempt.visited_date') }}
    inner join {{ ref('bridge_team_member') }} as of_manager
        on of_visitor.team_id = of_manager.team_id
        and attempt.manager_id = of_manager.employee_id
        and {{ as_at('of_manager', 'attempt.visited_date') }}
),

judged as (
    select
        attempt.*,
        attempt.entered_date < attempt.visited_date as is_entered_before,
        attempt.visited_date > {{ business_date() }} as is_in_future,
        attempt.employee_fk = {{ var('unassigned_pk') }} as is_unknown_employee,
        attempt.customer_fk = {{ var('unassigned_pk') }} as is_unknown_customer,
        attempt.employee_fk <> {{ var('unassigned_pk') }}
        and attempt.manager_fk <> {{ var('unassigned_pk') }}
        and attempt.manager_id <> attempt.employee_id
        and mate.visit_pk is null as is_not_on_team,
        attempt.customer_district_id <> 'unassigned'
        and attempt.team_district_id <> 'unassigned'
        and attempt.customer_district_id <> attempt.team_district_id as is_other_district,
        attempt.is_acceptable and attempt.is_standing and attempt.same_day_count > 1 as is_twice_a_day
    from attempt
    left join mate on attempt.visit_pk = mate.visit_pk
),

listed as (
    {%- for reason in [
        'unknown_employee', 'unknown_customer', 'entered_before', 'in_future', 'not_on_team', 'other_district',
        'twice_a_day',
    ] %}
    select
        '{{ reason }}' as reason_code,
        judged.*
    from judged
    where judged.is_{{ reason }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    cast(visit_pk as bigint) as visit_fk,
    cast(reason_code as {{ t_string() }}) as reason_code,
    cast(customer_fk as bigint) as customer_fk,
    cast(employee_fk as bigint) as employee_fk,
    cast(team_fk as bigint) as team_fk,
    cast(visited_date as date) as visited_date,
    cast(visited_time as {{ t_string() }}) as visited_time,
    cast(entered_date as date) as entered_date,
    cast(visit_way_code as {{ t_string() }}) as visit_way_code,
    -- Of two a day one counts; what else is valid counts and wants a word of why.
    cast(
        case
            when not is_valid then 'not_valid'
            when reason_code = 'twice_a_day' then 'one_counts'
            else 'counts'
        end as {{ t_string() }}
    ) as result_code,
    cast(is_valid as boolean) as is_valid,
    cast(month_date as date) as month_date
from listed
