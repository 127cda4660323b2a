{{ config(meta={
    'owner': 'finance',
    'message': 'The profit of customers, units, pillars or managers is not the whole of the profit statement. 客户、机构、业务支柱或客户经理的利润合计与利润表不一致。',
}) }}
-- One row per month whose net profit by the base rule set is not the same in the statement and in the
-- marts by customer (nobody among them), unit, pillar and manager.
{%- set tables = [
    'mart_profitability__customer_month', 'mart_profitability__unit_month', 'mart_profitability__pillar_month',
    'mart_performance__manager_month',
] %}
with total as (
    select
        month_date,
        sum(amount) as net_profit_amount
    from {{ ref('fct_profit_month') }}
    where rule_set_code = '{{ var("base_rule_set") }}' and profit_line_code <> 'capital_charge'
    group by month_date
    {%- for table in tables %}
    union all
    select
        month_date,
        sum(net_profit_amount) as net_profit_amount
    from {{ ref(table) }}
    group by month_date
    {%- endfor %}
)

select
    month_date,
    min(net_profit_amount) as least_amount,
    max(net_profit_amount) as greatest_amount
from total
where
    {{ touched('month_date', 'month', always=True) }}
    and month_date <= {{ date_literal(business_month()) }}
group by month_date
having
    min(net_profit_amount) <> max(net_profit_amount)
    or (count(*) <> {{ tables | length + 1 }} and max(abs(net_profit_amount)) > 0)
