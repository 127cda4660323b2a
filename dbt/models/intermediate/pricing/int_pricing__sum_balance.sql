-- One row per month, product and currency of deposits without maturity: what they held above zero.
-- Months that the night does not rebuild are those of the generation it goes on from.
{%- set first_month = rebuilt_from('fct_core_share_month') %}
with history as (
    select
        min(valid_from_date) as first_date,
        {{ month_first(add_days('min(valid_from_date)', 1)) }} as first_month_date
    from {{ ref('fct_account_balance_interval') }}
),

held as (
    select
        balance.month_date,
        place.product_id,
        place.currency_code,
        {{ total_of('balance.balance_amount * balance.days_count') }} as balance_days_amount,
        max({{ month_days('balance.month_date') }}) as days_count
    from {{ ref('fct_account_balance_interval') }} as balance
    inner join {{ ref('int_pricing__place_account') }} as place on balance.account_fk = place.account_fk
    where
        place.pillar_code = 'liability'
        and place.pricing_kind_code = 'non_maturity'
        -- What is below zero is lent.
        and balance.balance_amount > 0
        and {{ in_rebuilt('balance.month_date', first_month) }}
    group by balance.month_date, place.product_id, place.currency_code
    {%- if first_month %}
    union all
    select
        month_date,
        product_id,
        currency_code,
        balance_days_amount,
        days_count
    from {{ relation_of('fct_core_share_month') }}
    where month_date < {{ date_literal(first_month) }}
    {%- endif %}
)

select
    cast(held.month_date as date) as month_date,
    cast(held.product_id as {{ t_string() }}) as product_id,
    cast(held.currency_code as {{ t_string() }}) as currency_code,
    cast(held.balance_days_amount as decimal(18, 2)) as balance_days_amount,
    cast(held.days_count as int) as days_count,
    -- A history that begins in mid-month shows its first whole month after.
    cast(held.month_date >= history.first_date as boolean) as is_whole,
    -- In whole millionths: sums of them are the same in whatever order they are added.
    cast(round(1000000 * ln(cast({{ cents('held.balance_days_amount') }} as double) / held.days_count)) as bigint)
        as level_units
from held
-- A balance on the eve of the first month makes no month of its own.
inner join history on held.month_date >= history.first_month_date
