{{ config(meta={
    'owner': 'finance',
    'message': 'What customers owe is not what accounts lend. 客户风险暴露合计与账户不一致。',
}) }}
-- One row per month whose exposure at default or risk-weighted exposure differs between accounts and
-- the customers it is divided among.
with history as (
    -- Of the month before the first only what stood at its end is known, at accounts.
    select min(month_date) as first_month_date from {{ ref('fct_account_month') }}
),

total as (
    {%- for table, sign in [('fct_exposure_month', 1), ('fct_customer_exposure_month', -1)] %}
    select
        month_date,
        {{ sign }} * ead_amount as ead_amount,
        {{ sign }} * risk_weighted_amount as risk_weighted_amount
    from {{ ref(table) }}
    where {{ touched('month_date', 'month', always=True) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    total.month_date,
    sum(total.ead_amount) as ead_difference_amount,
    sum(total.risk_weighted_amount) as risk_weighted_difference_amount
from total
inner join history on total.month_date >= history.first_month_date
where total.month_date <= {{ date_literal(business_month()) }}
group by total.month_date
having sum(total.ead_amount) <> 0 or sum(total.risk_weighted_amount) <> 0
