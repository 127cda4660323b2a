-- One row per manager, product and month in which a customer of his has a balance in it, or had one in the
-- month that increases are counted from.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('mart_performance__manager_balance_month', back_months=1) %}
with factor as (
    {{ product_factors() }}
),

based as (
    {{ increase_bases(first_month) }}
),

-- An account is whose it is at the month's end; one that is gone since, whose it was.
account_month as (
    select
        account_key,
        customer_key,
        currency_code,
        exchange_price,
        {{ month_reached('month_date') }} as reached_date,
        month_date
    from {{ ref('fct_account_month') }}
    where {{ in_rebuilt('month_date', first_month) }}
    union all
    select
        based.account_key,
        based.customer_key,
        cast(null as {{ t_string() }}) as currency_code,
        cast(null as decimal(18, 4)) as exchange_price,
        {{ month_reached('based.month_date') }} as reached_date,
        based.month_date
    from based
    left join {{ ref('fct_account_month') }} as later
        on based.account_key = later.account_key and based.month_date = later.month_date
    where later.account_key is null
),

placed as (
    {{ holder_stretches('account_month') }}
),

-- A joint account is divided among its holders, as in mart_performance__manager_month.
held as (
    select
        account_month.account_key,
        account_month.month_date,
        account_month.currency_code,
        account_month.exchange_price,
        coalesce(placed.customer_key, account_month.customer_key) as customer_key,
        coalesce(placed.from_units, 0) as holder_from_units,
        coalesce(placed.to_units, {{ whole_units() }}) as holder_to_units
    from account_month
    left join placed
        on account_month.account_key = placed.account_key and account_month.month_date = placed.month_date
),

-- The base lies beside every day of the month, in yuan; balances are in the account's own currency.
stretch as (
    select
        account_key,
        product_fk,
        month_date,
        valid_from_date,
        valid_to_date,
        balance_amount,
        cast(0 as decimal(18, 2)) as base_amount
    from {{ ref('fct_account_balance_interval') }}
    where {{ in_rebuilt('month_date', first_month) }}
    union all
    select
        account_key,
        product_fk,
        month_date,
        month_date as valid_from_date,
        {{ add_days(month_reached('month_date'), 1) }} as valid_to_date,
        cast(0 as decimal(18, 2)) as balance_amount,
        base_amount
    from based
),

-- Each day belongs to the managers whom the customer had on it, by their shares.
looked_after as (
    select
        stretch.account_key,
        stretch.product_fk,
        stretch.month_date,
        held.currency_code,
        held.exchange_price,
        held.holder_from_units,
        held.holder_to_units,
        manager.employee_id,
        manager.from_units,
        manager.to_units,
        stretch.balance_amount * {{ days_between(
            cut_from('stretch', 'manager'), cut_to('stretch', 'manager')
        ) }} as balance_days_amount,
        stretch.base_amount * {{ days_between(
            cut_from('stretch', 'manager'), cut_to('stretch', 'manager')
        ) }} as base_days_amount
    from stretch
    inner join held on stretch.account_key = held.account_key and stretch.month_date = held.month_date
    inner join {{ ref('bridge_customer_manager') }} as manager
        on held.customer_key = manager.customer_key
        and {{ overlaps('stretch', 'manager') }}
    where manager.from_units < manager.to_units
),

{%- set part = {} %}
{%- for name in ['balance_days_amount', 'base_days_amount'] %}
{%- do part.update({name: part_between(
    part_between(name, 'holder_from_units', 'holder_to_units'), 'from_units', 'to_units'
)}) %}
{%- endfor %}

summed as (
    select
        product_fk,
        month_date,
        employee_id,
        currency_code,
        exchange_price,
        {{ total_of(part['balance_days_amount']) }} as original_balance_days_amount,
        {{ total_of(part['base_days_amount']) }} as base_balance_days_amount
    from looked_after
    group by account_key, product_fk, month_date, employee_id, currency_code, exchange_price
)

select
    cast(summed.employee_id as {{ t_string() }}) as employee_id,
    cast(product.product_id as {{ t_string() }}) as product_id,
    cast(max(product.product_name) as {{ t_string() }}) as product_name,
    cast(max(product.pillar_code) as {{ t_string() }}) as pillar_code,
    cast({{ month_days('summed.month_date') }} as int) as days_count,
    {%- set yuan = in_yuan('summed.original_balance_days_amount', 'summed.currency_code', 'summed.exchange_price') %}
    {{ total_of(yuan) }} as balance_days_amount,
    cast(
        sum(cast({{ yuan }} as decimal(24, 2)) * coalesce(factor.factor_rate, 1)) as decimal(18, 2)
    ) as factored_balance_days_amount,
    cast(
        sum(cast(summed.base_balance_days_amount as decimal(24, 2)) * coalesce(factor.factor_rate, 1))
        as decimal(18, 2)
    ) as factored_base_days_amount,
    cast(summed.month_date as date) as month_date
from summed
inner join {{ ref('dim_product') }} as product on summed.product_fk = product.product_pk
left join factor
    on product.product_pk = factor.product_pk
    and {{ as_at('factor', month_reached('summed.month_date')) }}
group by summed.employee_id, product.product_id, summed.month_date
