-- One row per account and month in which it was posted to.
with cost as (
    select
        account_key,
        month_date,
        {{ total_of('cost_amount') }} as transaction_cost_amount
    from {{ ref('fct_activity_cost_month') }}
    where {{ in_rebuilt('month_date', rebuilt_from('fct_account_month')) }}
    group by account_key, month_date
),

activity as (
    select
        account_key,
        month_date,
        {{ total_of('inflow_amount') }} as inflow_amount,
        {{ total_of('outflow_amount') }} as outflow_amount,
        {{ total_of('rival_outflow_amount') }} as rival_outflow_amount,
        sum(transaction_count) as transaction_count,
        sum(customer_transaction_count) as customer_transaction_count,
        max(last_customer_transaction_date) as last_customer_transaction_date,
        {{ total_of('fee_amount') }} as fee_amount
    from {{ ref('int_account__sum_activity') }}
    group by account_key, month_date
)

select
    activity.account_key,
    activity.month_date,
    activity.inflow_amount,
    activity.outflow_amount,
    activity.rival_outflow_amount,
    activity.transaction_count,
    activity.customer_transaction_count,
    activity.last_customer_transaction_date,
    activity.fee_amount,
    cost.transaction_cost_amount
from activity
left join cost on activity.account_key = cost.account_key and activity.month_date = cost.month_date
