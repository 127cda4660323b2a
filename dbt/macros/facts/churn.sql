{#-
The churn rules as they hold in each month: one row per month, hard and soft side by side. The rules
count days, the facts months: 30 days are a month. A running month is looked at in addition to the
whole ones (running_months is 1): were it counted as one of them, the windows of the first of a month
would be a month short, and many customers lost overnight would be back at its end.
-#}
{% macro churn_rule_of_month(first_month=none) -%}
    select
        month.month_date,
        {{ month_reached('month.month_date') }} as observation_date,
        case when {{ month_reached('month.month_date') }} < {{ month_last('month.month_date') }} then 1 else 0 end
            as running_months,
        {%- for code in ['hard', 'soft'] %}
        max(case when churn_rule.rule_code = '{{ code }}' then {{ idiv('churn_rule.window_days', 30) }} end)
            as {{ code }}_window_months,
        max(case when churn_rule.rule_code = '{{ code }}' then churn_rule.minimum_balance_amount end)
            as {{ code }}_minimum_amount,
        {%- endfor %}
        max(case when churn_rule.rule_code = 'soft' then {{ idiv('churn_rule.base_days', 30) }} end)
            as base_months,
        max(case when churn_rule.rule_code = 'soft' then churn_rule.balance_ratio_rate end)
            as balance_ratio_rate
    from {{ month_list(first_month) }} as month
    inner join {{ ref('churn_rule') }} as churn_rule
        on month.month_date >= churn_rule.valid_from_date
        and month.month_date < churn_rule.valid_to_date
    group by month.month_date
{%- endmacro %}
