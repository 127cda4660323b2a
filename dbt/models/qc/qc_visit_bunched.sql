-- One row per employee and month whose visits crowd together in the month's last working days.
with month_end as (
    select
        month_date,
        max(working_day_number) as last_number
    from {{ ref('dim_date') }}
    group by month_date
),

visit as (
    select
        employee.employee_id,
        attempt.month_date,
        count(*) as visit_count,
        sum(case when month_end.last_number - day.working_day_number < last_days.threshold_value then 1 else 0 end)
            as late_visit_count
    from {{ ref('fct_visit') }} as attempt
    inner join {{ ref('dim_employee') }} as employee on attempt.employee_fk = employee.employee_pk
    inner join {{ ref('dim_date') }} as day on attempt.visited_date = day.date_pk
    inner join month_end on attempt.month_date = month_end.month_date
    inner join {{ ref('review_threshold') }} as last_days
        on last_days.review_code = 'visit_last_days' and {{ as_at('last_days', 'attempt.month_date') }}
    where
        attempt.employee_fk <> {{ var('unassigned_pk') }}
        and {{ month_last('attempt.month_date') }} <= {{ business_date() }}
    group by employee.employee_id, attempt.month_date
),

employee as (
    {{ carried_versions(ref('dim_employee'), 'employee', 'employee_id') }}
)

select
    cast(coalesce(employee.employee_pk, {{ var('unassigned_pk') }}) as bigint) as employee_fk,
    cast(visit.employee_id as {{ t_string() }}) as employee_id,
    cast(visit.visit_count as bigint) as visit_count,
    cast(visit.late_visit_count as bigint) as late_visit_count,
    cast({{ share_of('visit.late_visit_count', 'visit.visit_count') }} as decimal(12, 8)) as late_visit_rate,
    cast(visit.month_date as date) as month_date
from visit
inner join {{ ref('review_threshold') }} as share
    on share.review_code = 'visit_last_share' and {{ as_at('share', 'visit.month_date') }}
inner join {{ ref('review_threshold') }} as least
    on least.review_code = 'visit_last_minimum' and {{ as_at('least', 'visit.month_date') }}
left join employee
    on visit.employee_id = employee.employee_id
    and {{ as_at('employee', month_last('visit.month_date')) }}
where
    visit.visit_count >= least.threshold_value
    and {{ share_of('visit.late_visit_count', 'visit.visit_count') }} > share.threshold_value
