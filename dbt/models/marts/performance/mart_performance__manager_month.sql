-- One row per manager and month in which he looked after a customer, opened an account or visited
-- anybody, and one per month for what no manager stands for.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('mart_performance__manager_month', back_months=1) %}
{%- set money = [
    ('balance.', 'deposit_balance_days_amount'), ('balance.', 'loan_balance_days_amount'),
    ('month.', 'fee_income_amount'), ('month.', 'contribution_amount'), ('month.', 'net_profit_amount'),
] %}
{%- set units = ['manager.from_units', 'manager.to_units'] %}
with employee as (
    {{ carried_versions(ref('dim_employee'), 'employee', 'employee_id', ['employee_name']) }}
),

-- Money of a month goes to the managers whom the customer had at its end, by their shares; the customer
-- counts once, as his whom the record names. Nobody has no status, and counts as closed.
looked_after as (
    select
        manager.employee_id,
        month.month_date,
        {%- for of, name in money %}
        {{ total_of(part_between(of ~ name, *units)) }} as {{ name }},
        {%- endfor %}
        sum(case when manager.is_recorded and customer.status_code <> 'closed' then 1 else 0 end) as customer_count,
        sum(case when manager.is_shared and customer.status_code <> 'closed' then 1 else 0 end)
            as shared_customer_count
    from {{ ref('mart_profitability__customer_month') }} as month
    left join {{ ref('fct_customer_month') }} as balance
        on month.customer_key = balance.customer_key and month.month_date = balance.month_date
    left join {{ ref('dim_customer') }} as customer on month.customer_fk = customer.customer_pk
    inner join {{ ref('bridge_customer_manager') }} as manager
        on month.customer_key = manager.customer_key
        and {{ as_at('manager', month_reached('month.month_date')) }}
    where {{ in_rebuilt('month.month_date', first_month) }}
    group by manager.employee_id, month.month_date
),

-- An opening is his who opened the account, if it counts.
opened as (
    select
        employee_id,
        month_date,
        sum(opening_count) as opening_count
    from {{ ref('fct_opening') }}
    where {{ in_rebuilt('month_date', first_month) }}
    group by employee_id, month_date
),

-- Periods that are over, in the month they ended in: nobody is behind with a week that still runs.
required as (
    select
        person.employee_id,
        requirement.month_date,
        sum(requirement.required_count) as visit_required_count,
        sum(requirement.done_count) as visit_done_count,
        sum(requirement.counted_count) as visit_counted_count
    from {{ ref('fct_visit_requirement') }} as requirement
    inner join {{ ref('dim_employee') }} as person on requirement.manager_fk = person.employee_pk
    where
        requirement.is_period_over
        and {{ in_rebuilt('requirement.month_date', first_month) }}
    group by person.employee_id, requirement.month_date
),

visited as (
    select
        person.employee_id,
        visit.month_date,
        sum(case when visit.is_valid then 1 else 0 end) as valid_visit_count
    from {{ ref('fct_visit') }} as visit
    inner join {{ ref('dim_employee') }} as person on visit.employee_fk = person.employee_pk
    where {{ in_rebuilt('visit.month_date', first_month) }}
    group by person.employee_id, visit.month_date
),

{%- set measures_of = {
    'looked_after': ['customer_count', 'shared_customer_count'] + money | map('last') | list,
    'opened': ['opening_count'],
    'required': ['visit_required_count', 'visit_done_count', 'visit_counted_count'],
    'visited': ['valid_visit_count'],
} %}

listed as (
    {{ stacked_measures(measures_of, key=['employee_id', 'month_date']) }}
),

summed as (
    select
        employee_id,
        month_date,
        {{ month_days('month_date') }} as days_count,
        {{ summed_measures(measures_of.values() | sum(start=[])) }}
    from listed
    group by employee_id, month_date
),

team_of_month as (
    select
        summed.employee_id,
        summed.month_date,
        min(bridge.team_id) as team_id
    from summed
    inner join {{ ref('bridge_team_member') }} as bridge
        on summed.employee_id = bridge.employee_id
        and {{ as_at('bridge', month_reached('summed.month_date')) }}
    group by summed.employee_id, summed.month_date
),

team as (
    {{ carried_versions(ref('dim_team'), 'team', 'team_id') }}
)

select
    cast(coalesce(employee.employee_pk, {{ var('unassigned_pk') }}) as bigint) as manager_fk,
    cast(summed.employee_id as {{ t_string() }}) as employee_id,
    cast(coalesce(employee.employee_name, 'Unassigned') as {{ t_string() }}) as employee_name,
    cast(coalesce(team.team_pk, {{ var('unassigned_pk') }}) as bigint) as team_fk,
    cast(summed.days_count as int) as days_count,
    {%- for name in measures_of.values() | sum(start=[]) if name.endswith('_count') %}
    cast(summed.{{ name }} as bigint) as {{ name }},
    {%- endfor %}
    cast(
        {{ average_over('summed.deposit_balance_days_amount', 'summed.days_count') }}
        as decimal(18, 2)
    ) as deposit_average_amount,
    cast(
        {{ average_over('summed.loan_balance_days_amount', 'summed.days_count') }}
        as decimal(18, 2)
    ) as loan_average_amount,
    -- Null where no visit was due.
    cast(
        {{ share_of('summed.visit_counted_count', 'summed.visit_required_count') }}
        as decimal(12, 8)
    ) as visit_compliance_rate,
    cast(summed.fee_income_amount as decimal(18, 2)) as fee_income_amount,
    cast(summed.contribution_amount as decimal(18, 2)) as contribution_amount,
    cast(summed.net_profit_amount as decimal(18, 2)) as net_profit_amount,
    cast(summed.month_date as date) as month_date
from summed
left join employee
    on summed.employee_id = employee.employee_id
    and {{ as_at('employee', month_reached('summed.month_date')) }}
left join team_of_month
    on summed.employee_id = team_of_month.employee_id
    and summed.month_date = team_of_month.month_date
left join team
    on team_of_month.team_id = team.team_id
    and {{ as_at('team', month_reached('summed.month_date')) }}
