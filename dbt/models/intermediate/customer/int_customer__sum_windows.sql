-- One row per customer and month: sums over the whole months that the month's windows reach into.
-- The days of the earliest month that a window of 30 or 90 days leaves out are taken off again in
-- int_customer__count_activity: cheaper than to look through 90 days of postings twelve times.
{%- set first_month = rebuilt_from('fct_customer_rolling_month') %}
with rule as (
    {{ churn_rule_of_month(first_month) }}
),

apart as (
    select
        rule.month_date,
        part.month_date as part_month_date,
        rule.observation_date,
        rule.soft_window_months + rule.running_months as soft_window_months,
        rule.hard_window_months + rule.running_months as hard_window_months,
        {{ months_apart('part.month_date', 'rule.month_date') }} as months_back
    from rule
    inner join {{ month_list() }} as part
        on rule.month_date >= part.month_date
        and {{ months_apart('part.month_date', 'rule.month_date') }}
        < greatest(rule.soft_window_months + rule.base_months, rule.hard_window_months, 4) + rule.running_months
),

looked_at as (
    select
        month_date,
        part_month_date,
        months_back < soft_window_months as is_recent,
        months_back >= soft_window_months as is_base,
        months_back < hard_window_months as is_hard,
        months_back < 3 as is_last_three,
        part_month_date >= {{ month_first(add_days('observation_date', -29)) }} as is_in_30d,
        part_month_date >= {{ month_first(add_days('observation_date', -89)) }} as is_in_90d
    from apart
)

select
    part.customer_key,
    looked_at.month_date,
    {{ total_of('case when looked_at.is_recent then part.deposit_balance_days_amount end') }}
        as recent_deposit_days_amount,
    {{ total_of('case when looked_at.is_recent then part.loan_balance_days_amount end') }}
        as recent_loan_days_amount,
    sum(case when looked_at.is_recent then part.days_count end) as recent_days_count,
    {{ total_of('case when looked_at.is_base then part.deposit_balance_days_amount end') }}
        as base_deposit_days_amount,
    {{ total_of('case when looked_at.is_base then part.loan_balance_days_amount end') }}
        as base_loan_days_amount,
    sum(case when looked_at.is_base then part.days_count end) as base_days_count,
    -- A month's average and its close: money that only passed through on a day is no balance.
    max(case
        when looked_at.is_hard
            then greatest(
                    part.deposit_average_amount + part.loan_average_amount,
                    part.deposit_closing_amount + part.loan_closing_amount
                )
    end) as peak_balance_amount,
    sum(case when looked_at.is_hard then 1 else 0 end) as hard_months_count,
    {{ total_of('case when looked_at.is_last_three then part.contribution_amount end') }}
        as contribution_last_three_amount,
    sum(case when looked_at.is_in_30d then part.customer_transaction_count end)
        as customer_transaction_30d_count,
    sum(case when looked_at.is_in_90d then part.customer_transaction_count end)
        as customer_transaction_90d_count,
    {{ total_of('case when looked_at.is_in_90d then part.outflow_amount end') }} as outflow_90d_amount,
    {{ total_of('case when looked_at.is_in_90d then part.rival_outflow_amount end') }}
        as rival_outflow_90d_amount
from {{ ref('fct_customer_month') }} as part
inner join looked_at on part.month_date = looked_at.part_month_date
group by part.customer_key, looked_at.month_date
