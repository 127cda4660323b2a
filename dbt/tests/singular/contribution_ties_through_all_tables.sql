{{ config(meta={
    'owner': 'finance',
    'message': 'Accounts, customers, the profit mart and the managers do not add up to the same contribution. 账户、客户、贡献集市与客户经理的贡献合计不一致。',
}) }}
-- One row per month whose contribution is not the same over accounts, customers, the profitability
-- mart and the managers.
with total as (
    {%- for table in [
        'fct_account_month',
        'fct_customer_month',
        'mart_profitability__customer_month',
        'mart_performance__manager_month',
    ] %}
    select
        '{{ table }}' as table_name,
        month_date,
        sum(contribution_amount) as contribution_amount
    from {{ ref(table) }}
    where
        {{ touched('month_date', 'month', always=True) }}
        and month_date <= {{ date_literal(business_month()) }}
    group by month_date
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    month_date,
    count(*) as table_count,
    min(contribution_amount) as least_amount,
    max(contribution_amount) as greatest_amount
from total
group by month_date
having count(*) <> 4 or min(contribution_amount) <> max(contribution_amount)
