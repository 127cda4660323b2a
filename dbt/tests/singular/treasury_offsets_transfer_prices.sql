{{ config(meta={
    'owner': 'finance',
    'message': 'What treasury takes and gives is not what accounts give and get. 司库收支与账户转移收支合计不平。',
}) }}
-- One row per month, set of methods and currency in which the transfer prices of accounts, by
-- component or, in the set that margins are counted by, in these, and treasury's side of them are not
-- the same sum.
with part as (
    select
        '{{ var('base_ftp_method_set') }}' as method_set_code,
        account.currency_code,
        account_month.month_date,
        account_month.margin_amount - account_month.interest_income_amount
        - account_month.interest_expense_amount as margin_side_amount,
        0 as component_side_amount,
        0 as treasury_side_amount
    from {{ ref('fct_account_month') }} as account_month
    inner join {{ ref('dim_account') }} as account on account_month.account_fk = account.account_pk
    where {{ touched('account_month.month_date', 'month', always=True) }}
    union all
    select
        ftp.method_set_code,
        account.currency_code,
        ftp.month_date,
        0 as margin_side_amount,
        ftp.ftp_amount as component_side_amount,
        0 as treasury_side_amount
    from {{ ref('fct_ftp_month') }} as ftp
    inner join {{ ref('dim_account') }} as account on ftp.account_fk = account.account_pk
    where {{ touched('ftp.month_date', 'month', always=True) }}
    union all
    select
        method_set_code,
        currency_code,
        month_date,
        0 as margin_side_amount,
        0 as component_side_amount,
        -treasury_amount as treasury_side_amount
    from {{ ref('fct_treasury_month') }}
    where {{ touched('month_date', 'month', always=True) }}
)

select
    method_set_code,
    currency_code,
    month_date,
    sum(margin_side_amount) as margin_side_amount,
    sum(component_side_amount) as component_side_amount,
    sum(treasury_side_amount) as treasury_side_amount
from part
where month_date <= {{ date_literal(business_month()) }}
group by method_set_code, currency_code, month_date
having
    sum(component_side_amount) <> sum(treasury_side_amount)
    or (
        method_set_code = '{{ var('base_ftp_method_set') }}'
        and sum(margin_side_amount) <> sum(component_side_amount)
    )
