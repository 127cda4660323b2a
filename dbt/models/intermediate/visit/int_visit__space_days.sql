-- One row per customer and period in which he is to be visited: days with a valid visit, those that lie
-- the minimum gap apart, and the longest stretch without one.
{%- set key = ['customer_key', 'period_type', 'period_start_date'] %}
{%- set same_key %}
{%- for column in key %}earlier.{{ column }} = later.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}
{%- endset %}
with due as (
    select * from {{ ref('int_visit__list_due') }}
),

visit_day as (
    select distinct
        customer.customer_key,
        visit.visited_date
    from {{ ref('fct_visit') }} as visit
    inner join {{ ref('dim_customer') }} as customer on visit.customer_fk = customer.customer_pk
    where visit.is_valid and visit.visited_date <= {{ business_date() }}
),

-- Visits and beginnings of periods in one line: what stands before a beginning is the visit the period
-- takes over from. Sorted once, however long the history.
line as (
    select distinct
        customer_key,
        period_start_date as line_date,
        0 as is_visit,
        cast(null as date) as visited_date
    from due
    union all
    select
        customer_key,
        visited_date as line_date,
        1 as is_visit,
        visited_date
    from visit_day
),

taken_over as (
    select
        customer_key,
        line_date,
        is_visit,
        max(visited_date) over (
            partition by customer_key
            order by line_date, is_visit
            rows between unbounded preceding and current row
        ) as last_visited_date
    from line
),

node_0 as (
    select
        due.customer_key,
        due.period_type,
        due.period_start_date,
        due.minimum_gap_days,
        visit_day.visited_date,
        lag(visit_day.visited_date) over (
            partition by due.customer_key, due.period_type, due.period_start_date
            order by visit_day.visited_date
        ) as before_date
    from due
    inner join visit_day
        on due.customer_key = visit_day.customer_key
        and due.period_start_date <= visit_day.visited_date
        and due.period_end_date >= visit_day.visited_date
),

-- The most visits that lie the gap apart are found by taking the first day that will do after each one.
-- From each day the next such day; then whole chains, twice as long at each step: a period has 31 days
-- at most, so that five steps reach the end of any.
chain_0 as (
    select
        earlier.customer_key,
        earlier.period_type,
        earlier.period_start_date,
        earlier.visited_date,
        min(later.visited_date) as next_date,
        1 as day_count
    from node_0 as earlier
    left join node_0 as later
        on {{ same_key }}
        and later.visited_date >= {{ add_days('earlier.visited_date', 'greatest(earlier.minimum_gap_days, 1)') }}
    group by
        earlier.customer_key, earlier.period_type, earlier.period_start_date, earlier.visited_date
),

{%- for step in range(5) %}

chain_{{ step + 1 }} as (
    select
        earlier.customer_key,
        earlier.period_type,
        earlier.period_start_date,
        earlier.visited_date,
        later.next_date,
        earlier.day_count + coalesce(later.day_count, 0) as day_count
    from chain_{{ step }} as earlier
    left join chain_{{ step }} as later
        on {{ same_key }} and earlier.next_date = later.visited_date
),
{%- endfor %}

done as (
    select
        node_0.customer_key,
        node_0.period_type,
        node_0.period_start_date,
        count(*) as done_count,
        -- The chain that begins with the first visit is the longest.
        max(chain_5.day_count) as spaced_count,
        max(node_0.visited_date) as last_visited_date,
        min(node_0.visited_date) as first_visited_date,
        max({{ days_between('node_0.before_date', 'node_0.visited_date') }}) as between_days
    from node_0
    inner join chain_5
        on node_0.customer_key = chain_5.customer_key
        and node_0.period_type = chain_5.period_type
        and node_0.period_start_date = chain_5.period_start_date
        and node_0.visited_date = chain_5.visited_date
    group by node_0.customer_key, node_0.period_type, node_0.period_start_date
)

select
    due.customer_key,
    due.period_type,
    due.period_start_date,
    coalesce(done.done_count, 0) as done_count,
    coalesce(done.spaced_count, 0) as spaced_count,
    coalesce(done.last_visited_date, taken_over.last_visited_date) as last_visited_date,
    -- From the visit taken over, else from the period's beginning, to the first of the period, from the
    -- last to the day reached, and between any two.
    greatest(
        {{ days_between(
            'coalesce(taken_over.last_visited_date, due.period_start_date)',
            'coalesce(done.first_visited_date, due.reached_date)',
        ) }},
        {{ days_between('coalesce(done.last_visited_date, due.reached_date)', 'due.reached_date') }},
        coalesce(done.between_days, 0)
    ) as max_gap_days
from due
inner join taken_over
    on due.customer_key = taken_over.customer_key
    and due.period_start_date = taken_over.line_date
    and taken_over.is_visit = 0
left join done
    on due.customer_key = done.customer_key
    and due.period_type = done.period_type
    and due.period_start_date = done.period_start_date
