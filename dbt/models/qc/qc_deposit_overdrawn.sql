-- One row per deposit account and month in which its balance stood below zero at the end of a day,
-- in its currency.
{{ partitioned_from_month('month_date') }}
with rebuilt as (
    select min(month_date) as first_month_date from {{ ref('int_account__divide_month') }}
),

overdrawn as (
    select
        stretch.account_key,
        min(stretch.valid_from_date) as first_overdrawn_date,
        sum(stretch.days_count) as overdrawn_days_count,
        min(stretch.balance_amount) as lowest_balance_amount,
        {{ total_of('stretch.balance_amount * stretch.days_count') }} as overdrawn_balance_days_amount,
        stretch.month_date
    from {{ ref('fct_account_balance_interval') }} as stretch
    inner join {{ ref('dim_product') }} as product on stretch.product_fk = product.product_pk
    inner join rebuilt on stretch.month_date >= rebuilt.first_month_date
    where stretch.balance_amount < 0 and product.pillar_code = 'liability'
    group by stretch.account_key, stretch.month_date
)

select
    cast(overdrawn.account_key as bigint) as account_key,
    cast(account_month.account_fk as bigint) as account_fk,
    cast(account_month.customer_fk as bigint) as customer_fk,
    cast(account_month.product_fk as bigint) as product_fk,
    cast(account_month.organisation_fk as bigint) as organisation_fk,
    cast(overdrawn.first_overdrawn_date as date) as first_overdrawn_date,
    cast(overdrawn.overdrawn_days_count as int) as overdrawn_days_count,
    cast(account_month.currency_code as {{ t_string() }}) as currency_code,
    cast(overdrawn.lowest_balance_amount as decimal(18, 2)) as lowest_balance_amount,
    cast(overdrawn.overdrawn_balance_days_amount as decimal(18, 2)) as overdrawn_balance_days_amount,
    cast(overdrawn.month_date as date) as month_date
from overdrawn
-- A balance on the eve of the first month is in no month.
inner join {{ ref('fct_account_month') }} as account_month
    on overdrawn.account_key = account_month.account_key
    and overdrawn.month_date = account_month.month_date
