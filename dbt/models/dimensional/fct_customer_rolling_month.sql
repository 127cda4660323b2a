-- One row per customer and month: what lay in the days and months up to its last counted day, and
-- whether the customer counts as lost by the rule of that month.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('fct_customer_rolling_month') %}
with rule as (
    {{ churn_rule_of_month(first_month) }}
),

-- Nobody can be judged by months that the bank never delivered.
history as (
    select min(month_date) as first_month_date from {{ ref('fct_account_month') }}
),

first_account as (
    select
        customer_key,
        min(opened_date) as first_opened_date
    from {{ ref('dim_account') }}
    group by customer_key
),

judged as (
    select
        month.customer_key,
        month.customer_fk,
        month.month_date,
        month.observation_date,
        month.days_count,
        month.open_account_count,
        {{ months_apart('history.first_month_date', 'month.month_date') }} + 1 as history_month_count,
        rule.soft_minimum_amount,
        rule.hard_minimum_amount,
        rule.balance_ratio_rate,
        first_account.first_opened_date,
        {{ average_over('windows.recent_deposit_days_amount', 'windows.recent_days_count') }}
            as recent_average_amount,
        {{ average_over('windows.recent_loan_days_amount', 'windows.recent_days_count') }}
            as recent_loan_average_amount,
        -- The base is as long as the recent window at least, or there is none.
        case
            when
                {{ months_apart('history.first_month_date', 'month.month_date') }}
                >= 2 * rule.soft_window_months - 1 + rule.running_months
                then {{ average_over('windows.base_deposit_days_amount', 'windows.base_days_count') }}
        end as base_average_amount,
        windows.peak_balance_amount,
        windows.hard_months_count >= rule.hard_window_months + rule.running_months as is_peak_known,
        coalesce(windows.contribution_last_three_amount, 0) as contribution_3m_amount,
        windows.customer_transaction_30d_count - coalesce(activity.head_30d_count, 0)
            as customer_transaction_30d_count,
        windows.customer_transaction_90d_count - coalesce(activity.head_90d_count, 0)
            as customer_transaction_90d_count,
        windows.outflow_90d_amount - coalesce(activity.head_outflow_90d_amount, 0)
            as outflow_90d_amount,
        windows.rival_outflow_90d_amount - coalesce(activity.head_rival_outflow_90d_amount, 0)
            as rival_outflow_90d_amount,
        coalesce(activity.visit_90d_count, 0) as visit_90d_count,
        coalesce(activity.complaint_90d_count, 0) as complaint_90d_count
    from {{ ref('fct_customer_month') }} as month
    inner join rule on month.month_date = rule.month_date
    cross join history
    left join {{ ref('int_customer__sum_windows') }} as windows
        on month.customer_key = windows.customer_key and month.month_date = windows.month_date
    left join {{ ref('int_customer__count_activity') }} as activity
        on month.customer_key = activity.customer_key and month.month_date = activity.month_date
    left join first_account on month.customer_key = first_account.customer_key
),

labelled as (
    select
        judged.*,
        coalesce(
            first_opened_date <= observation_date
            and (
                open_account_count = 0
                or (is_peak_known and peak_balance_amount < hard_minimum_amount)
            ),
            false
        ) as is_churned_hard,
        -- Null: not judged, for want of a base.
        case
            when base_average_amount >= soft_minimum_amount
                then recent_average_amount <= base_average_amount * balance_ratio_rate
        end as is_churned_soft
    from judged
)

select
    cast(customer_fk as bigint) as customer_fk,
    cast(customer_key as bigint) as customer_key,
    cast(observation_date as date) as observation_date,
    cast(days_count as int) as days_count,
    cast(history_month_count as int) as history_month_count,
    cast(coalesce(recent_average_amount, 0) as decimal(18, 2)) as recent_average_amount,
    cast(coalesce(recent_loan_average_amount, 0) as decimal(18, 2)) as recent_loan_average_amount,
    cast(base_average_amount as decimal(18, 2)) as base_average_amount,
    -- Null where there is no base, or nothing in it to compare with.
    cast({{ ratio_of('recent_average_amount - base_average_amount', 'base_average_amount') }} as decimal(18, 8))
        as balance_change_rate,
    cast(contribution_3m_amount as decimal(18, 2)) as contribution_3m_amount,
    cast(customer_transaction_30d_count as bigint) as customer_transaction_30d_count,
    cast(customer_transaction_90d_count as bigint) as customer_transaction_90d_count,
    cast(outflow_90d_amount as decimal(18, 2)) as outflow_90d_amount,
    cast(rival_outflow_90d_amount as decimal(18, 2)) as rival_outflow_90d_amount,
    cast(visit_90d_count as bigint) as visit_90d_count,
    cast(complaint_90d_count as bigint) as complaint_90d_count,
    cast(
        not is_churned_hard
        and (
            recent_average_amount >= soft_minimum_amount
            or recent_loan_average_amount >= soft_minimum_amount
        ) as boolean
    ) as has_something_to_lose,
    cast(is_churned_hard as boolean) as is_churned_hard,
    cast(is_churned_soft as boolean) as is_churned_soft,
    cast(month_date as date) as month_date
from labelled
