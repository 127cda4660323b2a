{{ config(meta={
    'owner': 'finance',
    'message': 'What customers owe is not what accounts lend. 客户风险暴露合计与账户不一致。',
}) }}
-- One row per month whose exposure at default or risk-weighted exposure differs between accounts and
-- the customers it is divided among.
with total as (
    {%- for table, sign in [('fct_exposure_month', ''), ('fct_customer_exposure_month', '-')] %}
    select
        month_date,
        {{ sign }}ead_amount as ead_amount,
        {{ sign }}risk_weighted_amount as risk_weighted_amount
    from {{ ref(table) }}
    where {{ touched('month_date', 'month', always=True) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    month_date,
    sum(ead_amount) as ead_difference_amount,
    sum(risk_weighted_amount) as risk_weighted_difference_amount
from total
where month_date <= {{ date_literal(business_month()) }}
group by month_date
having sum(ead_amount) <> 0 or sum(risk_weighted_amount) <> 0
