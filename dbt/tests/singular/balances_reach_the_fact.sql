{{ config(meta={
    'owner': 'data team',
    'message': 'A delivered end-of-day balance is not in the fact, or with another amount. 交付的日终余额未进入事实表或金额不一致。',
}) }}
-- One row per account and day of the business date's month whose delivered balance the fact does not
-- hold from that day on. Older months were proved by the nights that built them.
with delivered as (
    select
        assigned.account_key,
        balance.balance_date,
        balance.balance_amount,
        row_number() over (
            partition by balance.account_id, balance.balance_date
            order by
                balance.business_date desc, balance.batch_precedence desc nulls last,
                balance.batch_id desc,
                balance.source_sheet desc nulls last, balance.source_row desc
        ) as newest_rank
    from {{ ref('stg_corebank__balance') }} as balance
    inner join {{ ref('int_account__assign_key') }} as assigned
        on balance.account_id = assigned.account_id
    where
        balance.balance_date <= {{ business_date() }}
        and {{ from_month_on('balance.balance_date', business_month()) }}
)

select
    delivered.account_key,
    delivered.balance_date,
    delivered.balance_amount,
    stretch.balance_amount as fact_amount
from delivered
left join {{ ref('fct_account_balance_interval') }} as stretch
    on delivered.account_key = stretch.account_key
    and delivered.balance_date = stretch.valid_from_date
    and stretch.month_date = {{ date_literal(business_month()) }}
where
    delivered.newest_rank = 1
    and (stretch.balance_amount is null or stretch.balance_amount <> delivered.balance_amount)
