-- One row per account and month whose unit no delivered list of units holds: it counts at no unit.
{{ partitioned_from_month('month_date') }}
with rebuilt as (
    select min(month_date) as first_month_date from {{ ref('int_account__divide_month') }}
)

select
    cast(account_month.account_key as bigint) as account_key,
    cast(account_month.account_fk as bigint) as account_fk,
    cast(account_month.customer_fk as bigint) as customer_fk,
    cast(account_month.product_fk as bigint) as product_fk,
    cast(version.organisation_id as {{ t_string() }}) as organisation_id,
    cast(account_month.closing_balance_amount as decimal(18, 2)) as closing_balance_amount,
    cast(account_month.average_balance_amount as decimal(18, 2)) as average_balance_amount,
    cast(account_month.contribution_amount as decimal(18, 2)) as contribution_amount,
    cast(account_month.month_date as date) as month_date
from {{ ref('fct_account_month') }} as account_month
inner join rebuilt on account_month.month_date >= rebuilt.first_month_date
left join {{ ref('int_account__track_version') }} as version
    on account_month.account_fk = version.account_pk
where
    account_month.organisation_fk = {{ var('unassigned_pk') }}
    and account_month.account_fk <> {{ var('unassigned_pk') }}
