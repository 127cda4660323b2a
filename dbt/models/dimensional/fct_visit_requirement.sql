-- One row per customer and period of the visit cadence, also where nobody went.
{{ partitioned_from_month('month_date') }}
{%- set visits_from = rebuilt_from('fct_visit_requirement', unfinished='not is_period_over', back_months=2) %}
with period as (
    select * from {{ ref('int_visit__list_periods') }}
),

customer as (
    {{ carried_versions(
        ref('dim_customer'), 'customer', 'customer_key',
        ['manager_fk', 'level_code', 'status_code', 'opened_date'],
    ) }}
),

-- Who was looked after when the period began, at the level of that day. Who came later is due from
-- the next full period on.
due as (
    select
        customer.customer_pk,
        customer.customer_key,
        customer.manager_fk,
        period.level_code,
        period.period_type,
        period.period_start_date,
        period.period_end_date,
        period.month_date,
        period.required_count,
        period.minimum_gap_days,
        period.is_exempt,
        period.is_period_over
    from period
    inner join customer
        on period.level_code = customer.level_code
        and {{ as_at('customer', 'period.period_start_date') }}
    where
        customer.manager_fk <> {{ var('unassigned_pk') }}
        and customer.status_code <> 'closed'
        and coalesce(customer.opened_date, {{ first_valid_date() }}) <= period.period_start_date
),

-- Who left, or lost his manager, before the period was over need not have been visited.
stayed as (
    select
        due.*,
        due.is_exempt
        or leaver.status_code = 'closed'
        or leaver.manager_fk = {{ var('unassigned_pk') }} as is_let_off
    from due
    inner join customer as leaver
        on due.customer_key = leaver.customer_key
        and {{ as_at('leaver', 'least(due.period_end_date, ' ~ business_date() ~ ')') }}
),

visit_day as (
    select distinct
        customer.customer_key,
        visit.visited_date
    from {{ ref('fct_visit') }} as visit
    inner join {{ ref('dim_customer') }} as customer on visit.customer_fk = customer.customer_pk
    where visit.is_valid
        {%- if visits_from %}
        -- A week that ends in the first month rebuilt began in the month before.
        and visit.month_date >= {{ date_literal(visits_from) }}
        {%- endif %}
),

done as (
    select
        stayed.customer_key,
        stayed.period_type,
        stayed.period_start_date,
        count(*) as done_count,
        min(visit_day.visited_date) as first_visited_date,
        max(visit_day.visited_date) as last_visited_date
    from stayed
    inner join visit_day
        on stayed.customer_key = visit_day.customer_key
        and stayed.period_start_date <= visit_day.visited_date
        and stayed.period_end_date >= visit_day.visited_date
    group by stayed.customer_key, stayed.period_type, stayed.period_start_date
),

counted as (
    select
        stayed.*,
        case when stayed.is_let_off then 0 else stayed.required_count end as owed_count,
        coalesce(done.done_count, 0) as done_count,
        -- Visits that lie the minimum gap apart: exact for two, at most this many for more.
        case
            when done.done_count is null then 0
            when stayed.minimum_gap_days = 0 then done.done_count
            else least(done.done_count, 1 + {{ idiv(
                days_between('done.first_visited_date', 'done.last_visited_date'),
                'greatest(stayed.minimum_gap_days, 1)',
            ) }})
        end as spaced_count
    from stayed
    left join done
        on stayed.customer_key = done.customer_key
        and stayed.period_type = done.period_type
        and stayed.period_start_date = done.period_start_date
),

team_of_manager as (
    select
        manager.employee_pk,
        owed.period_start_date,
        min(bridge.team_id) as team_id
    from (
        select distinct
            manager_fk,
            period_start_date
        from counted
    ) as owed
    inner join {{ ref('dim_employee') }} as manager on owed.manager_fk = manager.employee_pk
    inner join {{ ref('bridge_team_member') }} as bridge
        on manager.employee_id = bridge.employee_id
        and {{ as_at('bridge', 'owed.period_start_date') }}
    group by manager.employee_pk, owed.period_start_date
),

team as (
    {{ carried_versions(ref('dim_team'), 'team', 'team_id') }}
)

select
    cast(counted.customer_pk as bigint) as customer_fk,
    cast(counted.customer_key as bigint) as customer_key,
    cast(counted.manager_fk as bigint) as manager_fk,
    cast(coalesce(team.team_pk, {{ var('unassigned_pk') }}) as bigint) as team_fk,
    cast(counted.level_code as {{ t_string() }}) as level_code,
    cast(counted.period_start_date as date) as period_start_date,
    cast(counted.period_end_date as date) as period_end_date,
    cast(counted.period_type as {{ t_string() }}) as period_type,
    cast(counted.owed_count as int) as required_count,
    cast(counted.done_count as int) as done_count,
    cast(least(counted.owed_count, counted.spaced_count) as int) as counted_count,
    cast(counted.is_let_off as boolean) as is_exempt,
    cast(counted.is_period_over as boolean) as is_period_over,
    cast(counted.month_date as date) as month_date
from counted
left join team_of_manager
    on counted.manager_fk = team_of_manager.employee_pk
    and counted.period_start_date = team_of_manager.period_start_date
left join team
    on team_of_manager.team_id = team.team_id and {{ as_at('team', 'counted.period_start_date') }}
