{{ config(meta={
    'owner': 'finance',
    'message': 'A cost mart does not hold the cost of all postings. 成本集市与作业成本事实不一致。',
}) }}
-- One row per month whose postings, minutes or cost are not the same in the fact and in each of the
-- marts made of it.
{%- set tables = [
    'fct_activity_cost_month', 'mart_cost__customer_month', 'mart_cost__activity_month', 'mart_cost__hour_month',
] %}
with total as (
    {%- for table in tables %}
    select
        '{{ table }}' as table_name,
        month_date,
        sum(posting_count{{ ' + visit_count' if table == 'mart_cost__customer_month' }}) as posting_count,
        sum(minutes_count) as minutes_count,
        sum(cost_amount) as cost_amount
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
    min(posting_count) as least_posting_count,
    max(posting_count) as greatest_posting_count,
    min(minutes_count) as least_minutes_count,
    max(minutes_count) as greatest_minutes_count,
    min(cost_amount) as least_cost_amount,
    max(cost_amount) as greatest_cost_amount
from total
group by month_date
having
    count(*) <> {{ tables | length }}
    or min(posting_count) <> max(posting_count)
    or min(minutes_count) <> max(minutes_count)
    or min(cost_amount) <> max(cost_amount)
