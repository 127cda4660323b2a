{{ config(meta={
    'owner': 'human resources',
    'message': 'Two tables tell different average deposits of one manager. 同一客户经理的存款日均在两张表中不一致。',
}) }}
-- One row per manager and month whose deposits are not the same divided by day and at the month's end,
-- though none of his customers changed hands in the month.
with month as (
    select
        *,
        {{ month_reached('month_date') }} as reached_date
    from {{ ref('mart_performance__manager_month') }}
),

handed_over as (
    select distinct
        month.month_date,
        either.employee_id
    from month
    inner join {{ ref('bridge_customer_manager') }} as changed
        on month.month_date < changed.valid_from_date and month.reached_date >= changed.valid_from_date
    inner join {{ ref('bridge_customer_manager') }} as either
        on changed.customer_key = either.customer_key
        and month.reached_date >= either.valid_from_date
        and month.month_date < either.valid_to_date
),

by_day as (
    select
        employee_id,
        month_date,
        {{ total_of('balance_days_amount') }} as balance_days_amount,
        max(days_count) as days_count
    from {{ ref('mart_performance__manager_balance_month') }}
    where pillar_code = 'liability'
    group by employee_id, month_date
),

average as (
    select
        employee_id,
        month_date,
        {{ average_over('balance_days_amount', 'days_count') }} as average_amount
    from by_day
)

select
    month.employee_id,
    month.month_date,
    month.deposit_average_amount,
    average.average_amount
from month
left join average on month.employee_id = average.employee_id and month.month_date = average.month_date
left join handed_over
    on month.employee_id = handed_over.employee_id and month.month_date = handed_over.month_date
where
    handed_over.employee_id is null
    and {{ touched('month.month_date', 'month', always=True) }}
    and abs(month.deposit_average_amount - coalesce(average.average_amount, 0)) >= 1
