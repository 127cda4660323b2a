-- One row per employee, month and purpose of a visit that aims at an account: what came of it.
with visit as (
    select
        closing.*,
        employee.employee_id
    from {{ ref('fct_visit_closing') }} as closing
    inner join {{ ref('dim_employee') }} as employee on closing.employee_fk = employee.employee_pk
),

summed as (
    select
        employee_id,
        month_date,
        purpose_code,
        max(employee_fk) as employee_fk,
        sum(visit_count) as visit_count,
        {%- for outcome in ['closed', 'advanced', 'refused', 'absent'] %}
        sum(case when outcome_code = '{{ outcome }}' then visit_count else 0 end) as {{ outcome }}_count,
        {%- endfor %}
        sum(case when opened_date is not null then visit_count else 0 end) as opened_count,
        sum(opening_days) as opening_days,
        sum(case when outcome_code = 'closed' and opened_date is not null then visit_count else 0 end)
            as founded_count,
        sum(case when is_unfounded then visit_count else 0 end) as unfounded_count,
        max(counted_until_date) <= {{ business_date() }} as is_window_over
    from visit
    group by employee_id, month_date, purpose_code
)

select
    cast(employee_id as {{ t_string() }}) as employee_id,
    cast(employee_fk as bigint) as employee_fk,
    cast(month_date as date) as month_date,
    cast(purpose_code as {{ t_string() }}) as purpose_code,
    cast(visit_count as bigint) as visit_count,
    cast(closed_count as bigint) as closed_count,
    cast(advanced_count as bigint) as advanced_count,
    cast(refused_count as bigint) as refused_count,
    cast(absent_count as bigint) as absent_count,
    -- Of the visits on which the customer was met; null where none was.
    cast({{ share_of('closed_count', 'closed_count + advanced_count + refused_count') }} as decimal(12, 8))
        as closing_rate,
    cast(opened_count as bigint) as opened_count,
    cast({{ share_of('opened_count', 'visit_count') }} as decimal(12, 8)) as opening_rate,
    cast({{ share_of('opening_days', 'opened_count') }} as decimal(12, 4)) as average_opening_days,
    cast(founded_count as bigint) as founded_count,
    cast(unfounded_count as bigint) as unfounded_count,
    cast(is_window_over as boolean) as is_window_over
from summed
