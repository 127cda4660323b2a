-- One row per employee of a field post and month: working days with and without a visit or a survey form.
with employee as (
    {{ carried_versions(
        ref('dim_employee'), 'employee', 'employee_id',
        ['employee_name', 'post_code', 'hired_date', 'left_date'],
    ) }}
),

fieldwork as (
    select min(month_date) as first_month_date
    from {{ ref('fct_visit') }}
),

-- Working days from the month of the first visit on, on which somebody had the post and was employed.
work_day as (
    select
        employee.employee_id,
        calendar.date_pk,
        calendar.month_date,
        calendar.working_day_number
    from {{ ref('dim_date') }} as calendar
    inner join fieldwork on calendar.month_date >= fieldwork.first_month_date
    inner join employee on {{ as_at('employee', 'calendar.date_pk') }}
    inner join {{ ref('field_post') }} as post
        on employee.post_code = post.post_code and {{ as_at('post', 'calendar.date_pk') }}
    where
        calendar.is_working_day
        and calendar.date_pk <= {{ business_date() }}
        and coalesce(employee.hired_date, calendar.date_pk) <= calendar.date_pk
        and coalesce(employee.left_date, {{ open_valid_date() }}) > calendar.date_pk
),

-- What was denied or found false was no work.
done as (
    select
        visit.employee_fk,
        visit.visited_date as done_date,
        1 as visit_count,
        0 as form_count
    from {{ ref('fct_visit') }} as visit
    where visit.is_standing
    union all
    select
        form.employee_fk,
        form.issued_date as done_date,
        0 as visit_count,
        1 as form_count
    from {{ ref('fct_survey_form') }} as form
    union all
    select
        form.employee_fk,
        form.returned_date as done_date,
        0 as visit_count,
        1 as form_count
    from {{ ref('fct_survey_form') }} as form
    where form.returned_date is not null
),

done_on_day as (
    select
        person.employee_id,
        done.done_date,
        sum(done.visit_count) as visit_count,
        sum(done.form_count) as form_count
    from done
    inner join {{ ref('dim_employee') }} as person on done.employee_fk = person.employee_pk
    group by person.employee_id, done.done_date
),

looked_at as (
    select
        work_day.employee_id,
        work_day.date_pk,
        work_day.month_date,
        work_day.working_day_number,
        coalesce(done_on_day.visit_count, 0) as visit_count,
        coalesce(done_on_day.form_count, 0) as form_count,
        coalesce(done_on_day.visit_count, 0) + coalesce(done_on_day.form_count, 0) = 0 as is_idle
    from work_day
    left join done_on_day
        on work_day.employee_id = done_on_day.employee_id and work_day.date_pk = done_on_day.done_date
),

-- Idle days that follow one another have the same number less their rank.
stretched as (
    select
        employee_id,
        month_date,
        working_day_number - row_number() over (
            partition by employee_id, month_date order by working_day_number
        ) as stretch_number
    from looked_at
    where is_idle
),

stretch as (
    select
        employee_id,
        month_date,
        stretch_number,
        count(*) as stretch_days
    from stretched
    group by employee_id, month_date, stretch_number
),

longest as (
    select
        employee_id,
        month_date,
        max(stretch_days) as stretch_days
    from stretch
    group by employee_id, month_date
),

summed as (
    select
        employee_id,
        month_date,
        count(*) as work_days,
        sum(case when is_idle then 1 else 0 end) as idle_days,
        sum(visit_count) as visit_count,
        sum(form_count) as form_count,
        max(case when is_idle then date_pk end) as last_idle_date
    from looked_at
    group by employee_id, month_date
)

select
    cast(summed.employee_id as {{ t_string() }}) as employee_id,
    cast(employee.employee_pk as bigint) as employee_fk,
    cast(employee.employee_name as {{ t_string() }}) as employee_name,
    cast(employee.post_code as {{ t_string() }}) as post_code,
    cast(summed.work_days as int) as work_days,
    cast(summed.work_days - summed.idle_days as int) as active_days,
    cast(summed.idle_days as int) as idle_days,
    cast(coalesce(longest.stretch_days, 0) as int) as longest_idle_days,
    cast(summed.last_idle_date as date) as last_idle_date,
    cast(summed.visit_count as bigint) as visit_count,
    cast(summed.form_count as bigint) as form_event_count,
    cast(summed.month_date as date) as month_date
from summed
left join longest on summed.employee_id = longest.employee_id and summed.month_date = longest.month_date
left join employee
    on summed.employee_id = employee.employee_id
    and {{ as_at('employee', month_reached('summed.month_date')) }}
