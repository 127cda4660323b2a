{{ config(meta={
    'owner': 'business development',
    'message': 'A month has other contact attempts in the fact than were delivered. 某月走访记录数与交付不一致。',
}) }}
-- One row per month whose contact attempts in the fact are not as many as were delivered, each
-- attempt once.
with delivered as (
    select
        {{ month_first('visited_date') }} as month_date,
        count(*) as attempt_count
    from (
        select distinct
            employee_id,
            customer_id,
            visited_date,
            visited_time
        from {{ ref('stg_fieldwork__visit') }}
        where {{ touched(month_first('visited_date'), 'month', always=True) }}
    ) as attempt
    group by {{ month_first('visited_date') }}
),

fact as (
    select
        month_date,
        sum(visit_count) as attempt_count
    from {{ ref('fct_visit') }}
    where {{ touched('month_date', 'month', always=True) }}
    group by month_date
)

select
    coalesce(delivered.month_date, fact.month_date) as month_date,
    delivered.attempt_count as delivered_count,
    fact.attempt_count as fact_count
from delivered
full outer join fact on delivered.month_date = fact.month_date
where coalesce(delivered.attempt_count, 0) <> coalesce(fact.attempt_count, 0)
