-- One row per customer and running period in which a visit is still owed, in the order in which his manager
-- is to go: what the hours and the spacing of visits allow, and what not.
with owed as (
    select
        requirement.customer_key,
        requirement.level_code,
        requirement.period_type,
        requirement.period_end_date,
        requirement.due_date,
        requirement.overdue_days,
        requirement.required_count - requirement.counted_count as left_count,
        greatest(cadence.minimum_gap_days, 1) as gap_days,
        -- The first day on which a visit would count: tomorrow, or when the last one is long enough ago.
        greatest(
            {{ add_days(business_date(), 1) }},
            case
                when requirement.counted_count > 0
                    then {{ add_days('requirement.last_visited_date', 'greatest(cadence.minimum_gap_days, 1)') }}
            end
        ) as first_date,
        effort.visit_minutes,
        manager.employee_id,
        manager.employee_name,
        team.team_id,
        team.team_name
    from {{ ref('fct_visit_requirement') }} as requirement
    inner join {{ ref('dim_employee') }} as manager on requirement.manager_fk = manager.employee_pk
    inner join {{ ref('dim_team') }} as team on requirement.team_fk = team.team_pk
    inner join {{ ref('visit_cadence') }} as cadence
        on requirement.level_code = cadence.level_code
        and {{ as_at('cadence', 'requirement.period_start_date') }}
    inner join {{ ref('visit_effort') }} as effort
        on requirement.level_code = effort.level_code and {{ as_at('effort', business_date()) }}
    where not requirement.is_period_over and requirement.required_count > requirement.counted_count
),

-- A team walks for its manager; who has none walks alone.
walker as (
    select
        team_id,
        count(*) as person_count
    from {{ ref('bridge_team_member') }} as member
    where {{ as_at('member', business_date()) }}
    group by team_id
),

valued as (
    select
        owed.*,
        coalesce(balance.deposit_average_amount, 0) + coalesce(balance.loan_average_amount, 0)
            as relationship_amount,
        {{ days_between('owed.first_date', 'owed.period_end_date') }} as open_days,
        coalesce(walker.person_count, 1) * field_day.person_minutes as day_minutes,
        field_day.late_weight_rate,
        last_day.working_day_number - today.working_day_number as left_working_days
    from owed
    inner join {{ ref('field_day') }} as field_day
        on field_day.rule_code = 'manager' and {{ as_at('field_day', business_date()) }}
    inner join {{ ref('dim_date') }} as today on today.date_pk = {{ business_date() }}
    inner join {{ ref('dim_date') }} as last_day on owed.period_end_date = last_day.date_pk
    left join walker on owed.team_id = walker.team_id
    left join {{ ref('fct_customer_month') }} as balance
        on owed.customer_key = balance.customer_key
        and balance.month_date = {{ date_literal(business_month()) }}
),

-- What ends first goes first; within it who is worth more, each day late weighing as the rule says.
ranked as (
    select
        valued.*,
        cast(relationship_amount * (1 + overdue_days * late_weight_rate) as decimal(18, 2)) as priority_amount,
        case when open_days < 0 then 0 else least(left_count, 1 + {{ idiv('open_days', 'gap_days') }}) end
            as possible_count,
        dense_rank() over (partition by employee_id order by period_end_date) as nth_end
    from valued
),

lined_up as (
    select
        ranked.*,
        row_number() over (
            partition by employee_id
            order by period_end_date, priority_amount desc, overdue_days desc, customer_key, period_type
        ) as plan_rank,
        sum(possible_count * visit_minutes) over (
            partition by employee_id, nth_end
            order by priority_amount desc, overdue_days desc, customer_key, period_type
            rows between unbounded preceding and 1 preceding
        ) as minutes_before
    from ranked
),

-- Running periods end on two days at most, of the week and of the month: the first takes its hours, the
-- second what is left of its own.
first_end as (
    select
        lined_up.*,
        {{ visits_within('day_minutes * left_working_days', 'minutes_before', 'possible_count', 'visit_minutes') }}
            as planned_count
    from lined_up
    where nth_end = 1
),

taken as (
    select
        employee_id,
        sum(planned_count * visit_minutes) as taken_minutes
    from first_end
    group by employee_id
),

second_end as (
    select
        lined_up.*,
        {{ visits_within(
            'lined_up.day_minutes * lined_up.left_working_days - taken.taken_minutes',
            'lined_up.minutes_before', 'lined_up.possible_count', 'lined_up.visit_minutes',
        ) }} as planned_count
    from lined_up
    inner join taken on lined_up.employee_id = taken.employee_id
    where lined_up.nth_end > 1
),

planned as (
    select * from first_end
    union all
    select * from second_end
)

select
    cast(employee_id as {{ t_string() }}) as employee_id,
    cast(employee_name as {{ t_string() }}) as employee_name,
    cast(team_name as {{ t_string() }}) as team_name,
    cast(plan_rank as bigint) as plan_rank,
    cast(customer_key as bigint) as customer_key,
    cast(level_code as {{ t_string() }}) as level_code,
    cast(period_type as {{ t_string() }}) as period_type,
    cast(period_end_date as date) as period_end_date,
    cast(due_date as date) as due_date,
    cast(overdue_days as int) as overdue_days,
    cast(relationship_amount as decimal(18, 2)) as relationship_amount,
    cast(priority_amount as decimal(18, 2)) as priority_amount,
    cast(left_count as int) as left_count,
    cast(planned_count as int) as planned_count,
    cast(left_count - possible_count as int) as short_of_days_count,
    cast(possible_count - planned_count as int) as short_of_hours_count,
    cast(visit_minutes as int) as visit_minutes,
    cast(day_minutes * left_working_days as bigint) as available_minutes
from planned
