-- One row per customer and period of the visit cadence, also where nobody went.
{{ partitioned_from_month('month_date') }}
with counted as (
    select
        due.*,
        spaced.done_count,
        least(due.required_count, spaced.spaced_count) as counted_count,
        spaced.last_visited_date,
        {{ add_days('spaced.last_visited_date', 'due.due_after_days') }} as wanted_date,
        spaced.max_gap_days
    from {{ ref('int_visit__list_due') }} as due
    inner join {{ ref('int_visit__space_days') }} as spaced
        on due.customer_key = spaced.customer_key
        and due.period_type = spaced.period_type
        and due.period_start_date = spaced.period_start_date
),

-- So long after the last visit, within the period. Who was never visited has until its end.
dated as (
    select
        counted.*,
        case
            when counted_count < required_count
                then least(period_end_date, greatest(period_start_date, coalesce(wanted_date, period_end_date)))
        end as due_date
    from counted
)

select
    cast(customer_pk as bigint) as customer_fk,
    cast(customer_key as bigint) as customer_key,
    cast(manager_fk as bigint) as manager_fk,
    cast(team_fk as bigint) as team_fk,
    cast(level_code as {{ t_string() }}) as level_code,
    cast(period_start_date as date) as period_start_date,
    cast(period_end_date as date) as period_end_date,
    cast(period_type as {{ t_string() }}) as period_type,
    cast(required_count as int) as required_count,
    cast(done_count as int) as done_count,
    cast(counted_count as int) as counted_count,
    cast(last_visited_date as date) as last_visited_date,
    cast(due_date as date) as due_date,
    cast(
        case
            when due_date is null then 0
            else greatest({{ days_between('due_date', 'reached_date') }}, 0)
        end as int
    ) as overdue_days,
    cast(max_gap_days as int) as max_gap_days,
    cast(is_let_off as boolean) as is_exempt,
    cast(is_period_over as boolean) as is_period_over,
    cast(month_date as date) as month_date
from dated
