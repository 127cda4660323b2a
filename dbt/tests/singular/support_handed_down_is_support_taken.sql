{{ config(meta={
    'owner': 'finance',
    'message': 'Support costs that were handed down are not what other pools took. 分摊转出与转入不等。',
}) }}
-- One row per month in which the step-down made or lost money.
select
    month_date,
    sum(stepped_amount) as unexplained_amount
from {{ ref('fct_cost_pool_month') }}
where {{ touched('month_date', 'month', always=True) }}
group by month_date
having sum(stepped_amount) <> 0
