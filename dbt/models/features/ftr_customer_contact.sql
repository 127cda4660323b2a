-- One row per customer with something to lose and observation date: what he and the bank had to do with each other.
{{ partitioned_from_month('observation_date') }}
{%- set first_month = features_rebuilt_from('ftr_customer_contact') %}
{%- set events = [
    'large_inflow', 'large_outflow', 'rival_outflow', 'deposit_maturity', 'loan_maturity', 'salary_arrived',
    'salary_stopped',
] %}
with observed as (
    {{ observed_customers(first_month) }}
),

day as (
    select distinct
        month_date,
        observation_date
    from observed
),

-- As known on the day: delivered by then, and no reply or closing that came later.
complained as (
    select
        complaint.customer_key,
        day.month_date,
        count(case when coalesce(complaint.first_closed_date > day.observation_date, true) then 1 end) as open_count,
        count(case
            when
                complaint.reply_due_date < day.observation_date
                and coalesce(complaint.replied_date > day.observation_date, true) then 1
        end) as overdue_count,
        min(case
            when coalesce(complaint.first_closed_date > day.observation_date, true) then complaint.received_date
        end) as first_open_date,
        min(case
            when {{ in_days_up_to('complaint.closed_date', 'day.observation_date', 180) }}
                then complaint.satisfaction_score
        end) as satisfaction_score
    from {{ ref('fct_complaint') }} as complaint
    inner join day
        on complaint.received_date <= day.observation_date
        and complaint.delivered_date <= day.observation_date
    group by complaint.customer_key, day.month_date
),

-- By period, so that the outer join below goes by keys alone: else each period meets every visit of the bank.
visited as (
    select
        requirement.period_type,
        requirement.period_start_date,
        customer.customer_key,
        visit.*
    from {{ ref('fct_visit') }} as visit
    inner join {{ ref('dim_customer') }} as customer on visit.customer_fk = customer.customer_pk
    inner join {{ ref('fct_visit_requirement') }} as requirement
        on customer.customer_key = requirement.customer_key
        and visit.visited_date between requirement.period_start_date and requirement.period_end_date
),

-- Periods that were over on the day; a visit counts as far as it was known by then.
due as (
    select
        requirement.customer_key,
        requirement.period_type,
        requirement.period_start_date,
        day.month_date,
        max(requirement.required_count) as required_count,
        count(distinct case when {{ visit_known_on('visited', 'day.observation_date') }} then visited.visited_date end)
            as visited_count
    from {{ ref('fct_visit_requirement') }} as requirement
    inner join day on {{ in_days_up_to('requirement.period_end_date', 'day.observation_date', 90) }}
    left join visited
        on requirement.customer_key = visited.customer_key
        and requirement.period_type = visited.period_type
        and requirement.period_start_date = visited.period_start_date
    where requirement.required_count > 0
    group by requirement.customer_key, requirement.period_type, requirement.period_start_date, day.month_date
),

owed as (
    select
        customer_key,
        month_date,
        sum(required_count) as due_count,
        sum(required_count - least(required_count, visited_count)) as missed_count
    from due
    group by customer_key, month_date
),

happened as (
    select
        event.customer_key,
        {%- for code in events %}
        sum(case when event.event_code = '{{ code }}' then 1 else 0 end) as {{ code }}_count,
        {%- endfor %}
        day.month_date
    from {{ ref('fct_customer_event') }} as event
    inner join day on {{ in_days_up_to('event.event_date', 'day.observation_date', 90) }}
    group by event.customer_key, day.month_date
),

-- The first of those who share him, by number: stretches in which it is somebody else.
manager as (
    select
        customer_key,
        employee_id,
        valid_from_date,
        valid_to_date,
        coalesce(employee_id <> lag(employee_id) over (partition by customer_key order by valid_from_date), false)
            as is_other
    from {{ ref('bridge_customer_manager') }}
    where from_units = 0 and to_units > 0
),

managed as (
    select
        manager.customer_key,
        day.month_date,
        count(case
            when manager.is_other and {{ in_days_up_to('manager.valid_from_date', 'day.observation_date', 180) }}
                then 1
        end) as change_count,
        count(case
            when {{ as_at('manager', 'day.observation_date') }} and manager.employee_id <> 'unassigned' then 1
        end) as manager_count
    from manager
    inner join day on manager.valid_from_date <= day.observation_date
    group by manager.customer_key, day.month_date
)

select
    cast(observed.customer_key as bigint) as customer_key,
    cast(coalesce(complained.open_count, 0) as bigint) as complaint_open_count_before_obs,
    cast(coalesce(complained.overdue_count, 0) as bigint) as complaint_overdue_count_before_obs,
    cast({{ days_between('complained.first_open_date', 'observed.observation_date') }} as int)
        as complaint_open_days_before_obs,
    cast(complained.satisfaction_score as int) as complaint_satisfaction_180d_score_before_obs,
    cast(coalesce(owed.due_count, 0) as bigint) as visit_due_90d_count_before_obs,
    cast(coalesce(owed.missed_count, 0) as bigint) as visit_missed_90d_count_before_obs,
    cast({{ share_of('owed.missed_count', 'owed.due_count') }} as decimal(18, 8))
        as visit_missed_90d_share_rate_before_obs,
    cast(coalesce(managed.manager_count, 0) > 0 as boolean) as has_manager_before_obs,
    cast({{ where_history_reaches(6, 'coalesce(managed.change_count, 0)') }} as bigint)
        as manager_change_180d_count_before_obs,
    {%- for code in events %}
    cast(coalesce(happened.{{ code }}_count, 0) as bigint) as {{ code }}_event_90d_count_before_obs,
    {%- endfor %}
    cast(observed.observation_date as date) as observation_date
from observed
{%- for step in ['complained', 'owed', 'managed', 'happened'] %}
left join {{ step }} on observed.customer_key = {{ step }}.customer_key and observed.month_date = {{ step }}.month_date
{%- endfor %}
