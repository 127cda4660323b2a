{{ config(
    meta={
        'owner': 'data team',
        'message': 'Deposits in the assets of a month are not those of the customers: look at the rule aum_kind. '
        ~ '客户资产中的存款与客户月度存款不符，请检查资产口径规则。',
    },
) }}
-- Each month: the deposits in customers' assets, and those of their months, in yuan-days and at the end.
with asset as (
    select
        month_date,
        sum(balance_days_amount) as balance_days_amount,
        sum(closing_amount) as closing_amount
    from {{ ref('fct_aum_month') }}
    where asset_kind_code = 'deposit' and {{ touched('month_date', 'month', always=True) }}
    group by month_date
),

customer as (
    select
        month_date,
        sum(deposit_balance_days_amount) as balance_days_amount,
        sum(deposit_closing_amount) as closing_amount
    from {{ ref('fct_customer_month') }}
    where {{ touched('month_date', 'month', always=True) }}
    group by month_date
)

select
    customer.month_date,
    customer.balance_days_amount,
    asset.balance_days_amount as asset_days_amount
from customer
left join asset on customer.month_date = asset.month_date
where
    customer.balance_days_amount <> coalesce(asset.balance_days_amount, 0)
    or customer.closing_amount <> coalesce(asset.closing_amount, 0)
