-- One row per account version, month in which it held a balance, side of that balance and set of
-- methods: by which rule, of which day and tenor it is priced.
{%- set first_month = rebuilt_from('fct_account_month') %}
with held as (
    select
        cut.month_date,
        cut.account_fk,
        cut.is_overdrawn,
        {{ total_of('cut.balance_amount * ' ~ days_between('cut.valid_from_date', 'cut.valid_to_date')) }}
            as balance_days_amount,
        {{ add_days('max(cut.valid_to_date)', -1) }} as last_date
    from {{ balances_to_price(in_rebuilt('balance.month_date', first_month)) }} as cut
    group by cut.month_date, cut.account_fk, cut.is_overdrawn
),

placed as (
    select
        held.month_date,
        held.is_overdrawn,
        held.last_date,
        -- Yuan accrue on yuan, so that a margin is rounded once, and its parts are of one money.
        {{ in_yuan('held.balance_days_amount', 'place.currency_code', 'exchange.exchange_price') }}
            as balance_days_amount,
        {{ is_own_currency('place.currency_code') }} or exchange.exchange_price is not null
            as has_exchange_rate,
        place.account_fk,
        place.account_key,
        place.currency_code,
        place.product_id,
        place.interest_rate,
        place.day_basis,
        place.opened_date,
        place.maturity_date,
        place.reprice_date,
        place.term_months,
        case when not held.is_overdrawn then place.bound_days end as bound_days,
        case when held.is_overdrawn then 'asset' else place.pillar_code end as pillar_code,
        case when held.is_overdrawn then 'overdraft' else place.pricing_kind_code end
            as pricing_kind_code
    from held
    inner join {{ ref('int_pricing__place_account') }} as place on held.account_fk = place.account_fk
    left join {{ ref('int_currency__find_rate') }} as exchange
        on {{ foreign_currency('place.currency_code') }} = exchange.currency_code
        and held.month_date = exchange.month_date
),

begun as (
    select
        placed.*,
        rule.method_set_code,
        rule.method_code,
        rule.tenor_months as rule_tenor_months,
        -- Too short a history, and rules that do not ask for it, leave the share of the rule.
        case rule.core_share_source_code
            when 'estimated' then coalesce(core.bounded_share_rate, rule.core_share_rate)
            else rule.core_share_rate
        end as core_share_rate,
        rule.overdraft_rate,
        rule.day_basis as rule_day_basis,
        {{ period_start(
            'placed.opened_date', 'placed.term_months',
            'least(placed.last_date, ' ~ add_days('placed.maturity_date', -1) ~ ')'
        ) }} as rolled_date,
        {{ period_start('placed.reprice_date', 'rule.tenor_months', 'placed.last_date') }}
            as repriced_date
    from placed
    inner join {{ ref('int_pricing__find_rule') }} as rule
        on placed.month_date = rule.month_date
        and placed.product_id = rule.product_id
        and placed.currency_code = rule.currency_code
        and placed.pillar_code = rule.pillar_code
        and placed.pricing_kind_code = rule.pricing_kind_code
    left join {{ ref('fct_core_share_month') }} as core
        on placed.month_date = core.month_date
        -- Within the key: as a condition of its own it makes DuckDB compare every row with every other.
        and case
            when placed.pricing_kind_code = 'non_maturity' and placed.pillar_code = 'liability'
                then placed.product_id
        end = core.product_id
        and placed.currency_code = core.currency_code
)

select
    cast(account_fk as bigint) as account_fk,
    cast(account_key as bigint) as account_key,
    cast(is_overdrawn as boolean) as is_overdrawn,
    cast(method_set_code as {{ t_string() }}) as method_set_code,
    cast(month_date as date) as month_date,
    cast(currency_code as {{ t_string() }}) as currency_code,
    cast(product_id as {{ t_string() }}) as product_id,
    cast(pillar_code as {{ t_string() }}) as pillar_code,
    cast(method_code as {{ t_string() }}) as method_code,
    cast(balance_days_amount as decimal(18, 2)) as balance_days_amount,
    cast(has_exchange_rate as boolean) as has_exchange_rate,
    cast(coalesce(overdraft_rate, interest_rate) as decimal(12, 8)) as interest_rate,
    cast(coalesce(day_basis, rule_day_basis) as int) as day_basis,
    cast(core_share_rate as decimal(12, 8)) as core_share_rate,
    -- The last rollover, or the last repricing, up to the last day that the record held in the month.
    -- Null where the price is the month's.
    cast(
        case
            when method_code = 'straight_term' and pillar_code = 'liability'
                then coalesce(rolled_date, opened_date)
            when method_code in ('straight_term', 'average_life') then opened_date
            when method_code = 'repricing' then greatest(opened_date, repriced_date)
        end as date
    ) as pricing_date,
    cast(
        case
            when method_code in ('straight_term', 'average_life') then bound_days
            else rule_tenor_months * 30
        end as bigint
    ) as tenor_days,
    cast(coalesce(bound_days, rule_tenor_months * 30) as bigint) as bound_days
from begun
