-- One row per customer and period in which he is to be visited, with who is to visit him.
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
        least(period.period_end_date, {{ business_date() }}) as reached_date,
        period.month_date,
        period.required_count,
        period.minimum_gap_days,
        period.due_after_days,
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
        on due.customer_key = leaver.customer_key and {{ as_at('leaver', 'due.reached_date') }}
),

owed as (
    select distinct
        manager_fk,
        period_start_date
    from stayed
),

team_of_manager as (
    select
        manager.employee_pk,
        owed.period_start_date,
        min(bridge.team_id) as team_id
    from owed
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
    stayed.customer_pk,
    stayed.customer_key,
    stayed.manager_fk,
    coalesce(team.team_pk, {{ var('unassigned_pk') }}) as team_fk,
    stayed.level_code,
    stayed.period_type,
    stayed.period_start_date,
    stayed.period_end_date,
    stayed.reached_date,
    stayed.month_date,
    case when stayed.is_let_off then 0 else stayed.required_count end as required_count,
    stayed.minimum_gap_days,
    stayed.due_after_days,
    stayed.is_let_off,
    stayed.is_period_over
from stayed
left join team_of_manager
    on stayed.manager_fk = team_of_manager.employee_pk
    and stayed.period_start_date = team_of_manager.period_start_date
left join team
    on team_of_manager.team_id = team.team_id and {{ as_at('team', 'stayed.period_start_date') }}
