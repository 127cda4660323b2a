{{ config(meta={
    'owner': 'finance',
    'message': 'Balances divided among managers are not those of the accounts. 分摊到客户经理的余额与账户余额不符。',
}) }}
-- One row per product and month whose balances, added up over managers, are not those of its accounts.
-- An account in another currency that changes its manager within a month may differ by a fen.
with part as (
    select
        product_id,
        month_date,
        balance_days_amount as manager_amount,
        0 as account_amount
    from {{ ref('mart_performance__manager_balance_month') }}
    union all
    select
        product.product_id,
        month.month_date,
        0 as manager_amount,
        month.balance_days_amount as account_amount
    from {{ ref('fct_account_month') }} as month
    inner join {{ ref('dim_product') }} as product on month.product_fk = product.product_pk
)

select
    product_id,
    month_date,
    sum(manager_amount) as manager_amount,
    sum(account_amount) as account_amount
from part
where {{ touched('month_date', 'month', always=True) }}
group by product_id, month_date
having abs(sum(manager_amount) - sum(account_amount)) >= 1
