-- One row per manager, product and month in which a customer of his had a balance in it.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('mart_performance__manager_balance_month', back_months=1) %}
-- The factor of the product itself, else of the nearest group above it.
with factor as (
    select
        product.product_pk,
        rule.factor_rate,
        rule.valid_from_date,
        rule.valid_to_date,
        row_number() over (
            partition by product.product_pk, rule.valid_from_date
            order by length(rule.product_id) desc, rule.product_id
        ) as nth_nearest
    from {{ ref('dim_product') }} as product
    inner join {{ ref('product_factor') }} as rule
        on concat_ws('/', '', product.path_text, '') like concat_ws('/', '%', rule.product_id, '%')
),

-- Each day's balance belongs to the managers whom the customer had on that day, by their shares.
looked_after as (
    select
        stretch.account_key,
        stretch.product_fk,
        stretch.month_date,
        manager.employee_id,
        manager.from_units,
        manager.to_units,
        stretch.balance_amount * {{ days_between(
            cut_from('stretch', 'manager'), cut_to('stretch', 'manager')
        ) }} as balance_days_amount
    from {{ ref('fct_account_balance_interval') }} as stretch
    inner join {{ ref('dim_customer') }} as recorded on stretch.customer_fk = recorded.customer_pk
    inner join {{ ref('bridge_customer_manager') }} as manager
        on recorded.customer_key = manager.customer_key
        and {{ overlaps('stretch', 'manager') }}
    where {{ in_rebuilt('stretch.month_date', first_month) }} and manager.from_units < manager.to_units
),

summed as (
    select
        account_key,
        product_fk,
        month_date,
        employee_id,
        {{ total_of(part_between('balance_days_amount', 'from_units', 'to_units')) }}
            as original_balance_days_amount
    from looked_after
    group by account_key, product_fk, month_date, employee_id
),

in_yuan as (
    select
        summed.product_fk,
        summed.month_date,
        summed.employee_id,
        {{ in_yuan('summed.original_balance_days_amount', 'account.currency_code', 'account.exchange_price') }}
            as balance_days_amount
    from summed
    inner join {{ ref('fct_account_month') }} as account
        on summed.account_key = account.account_key and summed.month_date = account.month_date
)

select
    cast(in_yuan.employee_id as {{ t_string() }}) as employee_id,
    cast(product.product_id as {{ t_string() }}) as product_id,
    cast(max(product.product_name) as {{ t_string() }}) as product_name,
    cast(max(product.pillar_code) as {{ t_string() }}) as pillar_code,
    cast({{ month_days('in_yuan.month_date') }} as int) as days_count,
    cast({{ total_of('in_yuan.balance_days_amount') }} as decimal(18, 2)) as balance_days_amount,
    cast(
        sum(cast(in_yuan.balance_days_amount as decimal(24, 2)) * coalesce(factor.factor_rate, 1)) as decimal(18, 2)
    ) as factored_balance_days_amount,
    cast(in_yuan.month_date as date) as month_date
from in_yuan
inner join {{ ref('dim_product') }} as product on in_yuan.product_fk = product.product_pk
left join factor
    on product.product_pk = factor.product_pk
    and factor.nth_nearest = 1
    and {{ as_at('factor', month_reached('in_yuan.month_date')) }}
group by in_yuan.employee_id, product.product_id, in_yuan.month_date
