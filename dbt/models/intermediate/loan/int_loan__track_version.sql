-- One row per loan contract and stretch of days on which its record stayed the same.
{% set attributes = ['account_id', 'principal_amount', 'collateral_code', 'five_class_code', 'overdue_days'] %}
with told as (
    select
        loan_id,
        min(business_date) as told_from_date
    from {{ ref('stg_corebank__loan') }}
    group by loan_id
)

select
    tracked.loan_id,
    cast(account.account_key as bigint) as account_key,
    tracked.principal_amount,
    tracked.collateral_code,
    tracked.five_class_code,
    tracked.overdue_days,
    tracked.valid_from_date,
    tracked.valid_to_date,
    told.told_from_date
from {{ scd2(
    ref('stg_corebank__loan'), key=['loan_id'], attributes=attributes,
    deleted="change_code = 'delete'",
) }} as tracked
inner join {{ ref('int_account__assign_key') }} as account
    on tracked.account_id = account.account_id
inner join told on tracked.loan_id = told.loan_id
