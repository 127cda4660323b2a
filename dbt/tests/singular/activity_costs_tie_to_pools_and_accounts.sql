{{ config(meta={
    'owner': 'finance',
    'message': 'The work on postings does not cost the same by account, by activity and by pool, or pools are not what the ledger delivered. 作业成本按账户、作业与成本池合计不一致，或与账面成本不符。',
}) }}
-- One row per month in which the cost of work is not the same in all its tables.
with built as (
    select distinct month_date from {{ ref('fct_cost_pool_month') }}
),

part as (
    select
        month_date,
        transaction_cost_amount as account_amount,
        0 as activity_amount,
        0 as ledger_priced_amount,
        0 as assigned_amount,
        0 as full_amount,
        0 as delivered_amount
    from {{ ref('fct_account_month') }}
    where {{ touched('month_date', 'month', always=True) }}
    union all
    select
        month_date,
        0 as account_amount,
        case when customer_key = {{ var('unassigned_pk') }} then cost_amount else 0 end as activity_amount,
        case when rate_source_code in ('ledger', 'no_capacity') then cost_amount else 0 end
            as ledger_priced_amount,
        0 as assigned_amount,
        0 as full_amount,
        0 as delivered_amount
    from {{ ref('fct_activity_cost_month') }}
    where {{ touched('month_date', 'month', always=True) }}
    union all
    select
        month_date,
        0 as account_amount,
        0 as activity_amount,
        0 as ledger_priced_amount,
        -assigned_amount as assigned_amount,
        full_cost_amount as full_amount,
        0 as delivered_amount
    from {{ ref('fct_cost_pool_month') }}
    where {{ touched('month_date', 'month', always=True) }}
    union all
    select
        pool.month_date,
        0 as account_amount,
        0 as activity_amount,
        0 as ledger_priced_amount,
        0 as assigned_amount,
        0 as full_amount,
        pool.cost_amount as delivered_amount
    from {{ ref('int_costing__list_pool') }} as pool
    inner join built on pool.month_date = built.month_date
    where {{ touched('pool.month_date', 'month', always=True) }}
)

select
    month_date,
    sum(account_amount) as account_amount,
    sum(activity_amount) as activity_amount,
    sum(ledger_priced_amount) as ledger_priced_amount,
    sum(assigned_amount) as assigned_amount,
    sum(full_amount) as full_amount,
    sum(delivered_amount) as delivered_amount
from part
where month_date <= {{ date_literal(business_month()) }}
group by month_date
having
    sum(account_amount) <> sum(activity_amount)
    or sum(ledger_priced_amount) <> sum(assigned_amount)
    or sum(full_amount) <> sum(delivered_amount)
