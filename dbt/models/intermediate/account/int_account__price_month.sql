-- One row per account, month, version of its record that held in it, side of its balance and set of
-- methods: what its balances bear.
-- Interest as the customer pays or gets it, and the transfer price by component, each + for income.
{%- set add_ons = ['liquidity', 'reserve', 'policy'] %}
{%- set components = ['base'] + add_ons %}
with priced as (
    select
        place.*,
        case place.method_code
            when 'ladder'
                then {{ blended_rate('core_share_rate', 'average_ftp_rate', 'overnight_rate') }}
            when 'fixed_tenor' then rung.ftp_rate
            else rate.ftp_rate
        end as base_rate,
        rate.curve_date,
        -- Before the first delivered curve that one stands in.
        case place.method_code
            when 'ladder' then rung.ladder_first_curve_count
            when 'fixed_tenor' then rung.first_curve_count
            else case when rate.curve_date > rate.pricing_date then 1 else 0 end
        end as first_curve_count,
        -- What was agreed holds as it was when it was agreed.
        coalesce(place.pricing_date, place.month_date) as agreed_date
    from {{ ref('int_pricing__place_month') }} as place
    left join {{ ref('int_pricing__find_rate') }} as rate
        on place.currency_code = rate.currency_code
        and place.pricing_date = rate.pricing_date
        and place.tenor_days = rate.tenor_days
        and not rate.is_monthly
    left join {{ ref('int_pricing__average_ladder') }} as rung
        on place.currency_code = rung.currency_code
        and place.month_date = rung.month_date
        and place.tenor_days = rung.tenor_days
),

-- A margin with one half is worse than none: where a rate is missing, neither counts.
judged as (
    select
        priced.*,
        -- The core of a ladder is bound, the rest can go tomorrow.
        case priced.method_code
            when 'ladder' then coalesce({{ blended_rate(
                'priced.core_share_rate', 'added.liquidity_rate', 'cast(0 as decimal(12, 8))'
            ) }}, 0)
            else coalesce(added.liquidity_rate, 0)
        end as liquidity_rate,
        coalesce(added.reserve_rate, 0) as reserve_rate,
        coalesce(added.policy_rate, 0) as policy_rate,
        case
            when not priced.has_exchange_rate then 'no_exchange_rate'
            when priced.balance_days_amount = 0 then null
            when priced.method_code is null then 'no_rule'
            when priced.interest_rate is null then 'no_contract_rate'
            when priced.day_basis is null then 'no_day_basis'
            when priced.tenor_days is null then 'no_tenor'
            when priced.method_code = 'ladder' and priced.core_share_rate is null then 'no_core_share'
            when priced.base_rate is null then 'no_curve'
        end as missing_code
    from priced
    left join {{ ref('int_pricing__find_add_on') }} as added
        on priced.method_set_code = added.method_set_code
        and priced.pillar_code = added.pillar_code
        and priced.product_id = added.product_id
        and priced.bound_days = added.bound_days
        and priced.agreed_date = added.agreed_date
),

rated as (
    select
        account_key,
        account_fk,
        month_date,
        is_overdrawn,
        method_set_code,
        currency_code,
        pillar_code,
        method_code,
        tenor_days,
        pricing_date,
        curve_date,
        case when missing_code is null then first_curve_count end as first_curve_count,
        balance_days_amount,
        day_basis,
        missing_code,
        {%- for name in ['interest'] + components %}
        case when missing_code is null then {{ name }}_rate end as {{ name }}_rate,
        {%- endfor %}
        case pillar_code when 'asset' then 1 else -1 end as income_sign
    from judged
),

borne as (
    select
        rated.*,
        {%- for component in components %}
        {{ accrued_on('balance_days_amount', component ~ '_rate', 'day_basis') }}
            as ftp_{{ component }}_amount,
        {%- endfor %}
        {{ accrued_on('balance_days_amount', 'interest_rate', 'day_basis') }} as interest_amount
    from rated
)

select
    cast(account_key as bigint) as account_key,
    cast(account_fk as bigint) as account_fk,
    cast(is_overdrawn as boolean) as is_overdrawn,
    cast(method_set_code as {{ t_string() }}) as method_set_code,
    cast(currency_code as {{ t_string() }}) as currency_code,
    cast(pillar_code as {{ t_string() }}) as pillar_code,
    cast(method_code as {{ t_string() }}) as method_code,
    cast(tenor_days as bigint) as tenor_days,
    cast(pricing_date as date) as pricing_date,
    cast(curve_date as date) as curve_date,
    cast(first_curve_count as int) as first_curve_count,
    cast(balance_days_amount as decimal(18, 2)) as balance_days_amount,
    cast(day_basis as int) as day_basis,
    cast(interest_rate as decimal(12, 8)) as interest_rate,
    {%- for component in components %}
    cast({{ component }}_rate as decimal(12, 8)) as {{ component }}_rate,
    {%- endfor %}
    cast(income_sign * interest_amount as decimal(18, 2)) as interest_amount,
    {%- for component in components %}
    cast(-income_sign * ftp_{{ component }}_amount as decimal(18, 2)) as ftp_{{ component }}_amount,
    {%- endfor %}
    cast(missing_code as {{ t_string() }}) as missing_code,
    cast(month_date as date) as month_date
from borne
