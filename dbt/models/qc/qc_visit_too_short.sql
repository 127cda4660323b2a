-- One row per valid visit on site that was over sooner than a visit can be.
select
    cast(visit.customer_fk as bigint) as customer_fk,
    cast(visit.employee_fk as bigint) as employee_fk,
    cast(visit.team_fk as bigint) as team_fk,
    cast(visit.visited_date as date) as visited_date,
    cast(visit.visited_time as {{ t_string() }}) as visited_time,
    cast(visit.purpose_code as {{ t_string() }}) as purpose_code,
    cast(visit.outcome_code as {{ t_string() }}) as outcome_code,
    cast(visit.duration_minutes as int) as duration_minutes
from {{ ref('fct_visit') }} as visit
inner join {{ ref('review_threshold') }} as threshold
    on threshold.review_code = 'visit_minutes' and {{ as_at('threshold', 'visit.visited_date') }}
where
    visit.is_valid
    and visit.visit_way_code = 'on_site'
    and visit.duration_minutes < threshold.threshold_value
