-- One row per customer and day that the business date is compared with, the same day of the six months before it:
-- what he held then in deposits, his part of joint accounts, in yuan.
with asked as (
    {%- for months in range(1, 7) %}
    select
        {{ month_first(business_date_before(months)) }} as month_date,
        {{ business_date_before(months) }} as reached_date
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

account_month as (
    select
        balance.account_key,
        asked.month_date,
        asked.reached_date,
        version.customer_key,
        {{ in_yuan('balance.balance_amount', 'account.currency_code', 'exchange.exchange_price') }} as balance_amount
    from asked
    inner join {{ ref('fct_account_balance_interval') }} as balance
        on asked.month_date = balance.month_date and {{ as_at('balance', 'asked.reached_date') }}
    inner join {{ ref('bridge_account_version') }} as version
        on balance.account_key = version.account_key and {{ as_at('version', 'asked.reached_date') }}
    inner join {{ ref('dim_product') }} as product
        on version.product_fk = product.product_pk and product.pillar_code = 'liability'
    left join {{ ref('dim_account') }} as account on version.account_fk = account.account_pk
    left join {{ ref('fct_exchange_rate') }} as exchange
        on {{ foreign_currency('account.currency_code') }} = exchange.currency_code
        and {{ as_at('exchange', 'asked.reached_date') }}
    where balance.balance_amount <> 0
),

placed as (
    {{ holder_stretches('account_month') }}
),

-- A joint account is divided among its holders; any other is wholly its owner's.
part as (
    select
        coalesce(placed.customer_key, account_month.customer_key) as customer_key,
        account_month.month_date,
        {{ part_between(
            'account_month.balance_amount',
            'coalesce(placed.from_units, 0)',
            'coalesce(placed.to_units, ' ~ whole_units() ~ ')'
        ) }} as balance_amount
    from account_month
    left join placed
        on account_month.account_key = placed.account_key and account_month.month_date = placed.month_date
),

held as (
    select
        customer_key,
        month_date,
        {{ total_of('balance_amount') }} as deposit_amount
    from part
    group by customer_key, month_date
),

first_opened as (
    select
        customer_key,
        min(opened_date) as opened_date
    from {{ ref('dim_customer') }}
    group by customer_key
)

select
    cast(month.customer_fk as bigint) as customer_fk,
    cast(month.customer_key as bigint) as customer_key,
    cast(coalesce(held.deposit_amount, 0) as decimal(18, 2)) as deposit_amount,
    cast(asked.reached_date as date) as balance_date,
    cast(asked.month_date as date) as month_date
from asked
inner join {{ ref('fct_customer_month') }} as month on asked.month_date = month.month_date
left join held on month.customer_key = held.customer_key and month.month_date = held.month_date
left join first_opened on month.customer_key = first_opened.customer_key
-- Registered later in that month and nothing held yet: no customer on the day.
where
    held.customer_key is not null
    or coalesce(first_opened.opened_date, {{ first_valid_date() }}) <= asked.reached_date
    or first_opened.opened_date > {{ month_last('asked.reached_date') }}
