{{ config(meta={
    'owner': 'finance',
    'message': 'The transfer price of an account is not the same in all tables. 账户转移收支在各表中不一致。',
}) }}
-- One row per account, month and set of methods whose transfer price by component is not the one it
-- was given, or whose margin in the set that margins are counted by is another.
with history as (
    -- A balance on the eve of the first month makes no month of its own.
    select min(month_date) as first_month_date from {{ ref('fct_account_month') }}
),

part as (
    select
        account_key,
        month_date,
        method_set_code,
        ftp_base_amount + ftp_liquidity_amount + ftp_reserve_amount + ftp_policy_amount as given_ftp_amount,
        0 as component_amount,
        case
            when method_set_code = '{{ var('base_ftp_method_set') }}' then 0
            else ftp_base_amount + ftp_liquidity_amount + ftp_reserve_amount + ftp_policy_amount
        end as ftp_amount
    from {{ ref('int_account__price_month') }}
    where {{ touched('month_date', 'month', always=True) }}
    union all
    select
        account_key,
        month_date,
        method_set_code,
        0 as given_ftp_amount,
        ftp_amount as component_amount,
        0 as ftp_amount
    from {{ ref('fct_ftp_month') }}
    where {{ touched('month_date', 'month', always=True) }}
    union all
    select
        account_key,
        month_date,
        '{{ var('base_ftp_method_set') }}' as method_set_code,
        0 as given_ftp_amount,
        0 as component_amount,
        ftp_amount
    from {{ ref('fct_account_month') }}
    where {{ touched('month_date', 'month', always=True) }}
)

select
    part.account_key,
    part.month_date,
    part.method_set_code,
    sum(part.given_ftp_amount) as given_ftp_amount,
    sum(part.component_amount) as component_amount,
    sum(part.ftp_amount) as ftp_amount
from part
inner join history on part.month_date >= history.first_month_date
where part.month_date <= {{ date_literal(business_month()) }}
group by part.account_key, part.month_date, part.method_set_code
having
    sum(part.given_ftp_amount) <> sum(part.component_amount)
    or sum(part.given_ftp_amount) <> sum(part.ftp_amount)
