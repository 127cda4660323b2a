-- One row per customer, month and kind of asset that he holds or held in the month: his part of it.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('fct_aum_month') %}
with kind as (
    select
        pillar_code,
        product_id,
        asset_kind_code,
        valid_from_date,
        valid_to_date
    from {{ ref('aum_kind') }}
),

-- The product's own kind, or that of its pillar; loans are no asset of the customer's.
held as (
    select
        holding.customer_key,
        holding.month_date,
        coalesce(own.asset_kind_code, general.asset_kind_code) as asset_kind_code,
        {{ total_of('holding.balance_days_amount') }} as balance_days_amount,
        {{ total_of('holding.closing_balance_amount') }} as closing_amount
    from {{ ref('int_account__divide_month') }} as holding
    left join kind as own
        on holding.product_id = own.product_id
        and {{ as_at('own', month_reached('holding.month_date')) }}
    left join kind as general
        on holding.pillar_code = general.pillar_code
        and general.product_id = '*'
        and {{ as_at('general', month_reached('holding.month_date')) }}
    where
        {{ in_rebuilt('holding.month_date', first_month) }}
        and coalesce(own.asset_kind_code, general.asset_kind_code) is not null
    group by holding.customer_key, holding.month_date, coalesce(own.asset_kind_code, general.asset_kind_code)
)

select
    cast(customer.customer_fk as bigint) as customer_fk,
    cast(held.customer_key as bigint) as customer_key,
    cast(held.asset_kind_code as {{ t_string() }}) as asset_kind_code,
    cast({{ month_days('held.month_date') }} as int) as days_count,
    cast(held.balance_days_amount as decimal(18, 2)) as balance_days_amount,
    cast({{ average_over('held.balance_days_amount', month_days('held.month_date')) }} as decimal(18, 2))
        as average_amount,
    cast(held.closing_amount as decimal(18, 2)) as closing_amount,
    cast(held.month_date as date) as month_date
from held
inner join {{ ref('fct_customer_month') }} as customer
    on held.customer_key = customer.customer_key and held.month_date = customer.month_date
where held.balance_days_amount <> 0 or held.closing_amount <> 0
