{{ config(meta={
    'owner': 'credit',
    'message': 'A month has other repayments in the fact than were delivered. 某月还款笔数与交付不一致。',
}) }}
-- One row per month whose repayments in the fact are not as many as were delivered, each payment of an
-- instalment once.
with paid as (
    select distinct
        loan_id,
        instalment_number,
        paid_date
    from {{ ref('stg_corebank__repayment') }}
),

delivered as (
    select
        {{ month_first('paid_date') }} as month_date,
        count(*) as payment_count
    from paid
    group by {{ month_first('paid_date') }}
),

fact as (
    select
        month_date,
        sum(payment_count) as payment_count
    from {{ ref('fct_repayment') }}
    group by month_date
)

select
    coalesce(delivered.month_date, fact.month_date) as month_date,
    delivered.payment_count as delivered_count,
    fact.payment_count as fact_count
from delivered
full outer join fact on delivered.month_date = fact.month_date
where coalesce(delivered.payment_count, 0) <> coalesce(fact.payment_count, 0)
