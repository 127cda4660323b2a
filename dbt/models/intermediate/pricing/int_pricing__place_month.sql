-- One row per account version and month in which it held a balance: by which rule, of which day and
-- tenor it is priced.
{%- set first_month = rebuilt_from('fct_account_month') %}
with version as (
    select
        account_key,
        account_fk,
        min(valid_from_date) as valid_from_date,
        max(valid_to_date) as valid_to_date
    from {{ ref('bridge_account_version') }}
    group by account_key, account_fk
),

held as (
    select
        balance.month_date,
        version.account_fk,
        {{ total_of(
            'balance.balance_amount * ' ~ days_between(
                cut_from('balance', 'version'), cut_to('balance', 'version')
            )
        ) }} as balance_days_amount,
        {{ add_days('max(' ~ cut_to('balance', 'version') ~ ')', -1) }} as last_date
    from {{ ref('fct_account_balance_interval') }} as balance
    inner join version
        on balance.account_key = version.account_key and {{ overlaps('balance', 'version') }}
    where
        balance.balance_amount <> 0
        and {{ in_rebuilt('balance.month_date', first_month) }}
    group by balance.month_date, version.account_fk
),

-- The rule of the month; one of the product's own goes before that of its kind.
ruled as (
    select
        held.month_date,
        held.balance_days_amount,
        held.last_date,
        place.*,
        rule.method_code,
        rule.tenor_months as rule_tenor_months,
        rule.core_share_rate,
        rule.day_basis as rule_day_basis,
        row_number() over (
            partition by held.account_fk, held.month_date
            order by case when rule.product_id = '*' then 1 else 0 end, rule.product_id
        ) as rule_rank
    from held
    inner join {{ ref('int_pricing__place_account') }} as place on held.account_fk = place.account_fk
    left join {{ ref('ftp_rule') }} as rule
        on place.pillar_code = rule.pillar_code
        and place.pricing_kind_code = rule.pricing_kind_code
        and rule.product_id in ('*', place.product_id)
        and rule.method_set_code = 'matched'
        and {{ as_at('rule', 'held.month_date') }}
),

begun as (
    select
        ruled.*,
        {{ period_start(
            'opened_date', 'term_months', 'least(last_date, ' ~ add_days('maturity_date', -1) ~ ')'
        ) }} as rolled_date,
        {{ period_start('reprice_date', 'rule_tenor_months', 'last_date') }} as repriced_date
    from ruled
    where rule_rank = 1
)

select
    cast(account_fk as bigint) as account_fk,
    cast(account_key as bigint) as account_key,
    cast(month_date as date) as month_date,
    cast(currency_code as {{ t_string() }}) as currency_code,
    cast(product_id as {{ t_string() }}) as product_id,
    cast(pillar_code as {{ t_string() }}) as pillar_code,
    cast(method_code as {{ t_string() }}) as method_code,
    cast(balance_days_amount as decimal(18, 2)) as balance_days_amount,
    cast(interest_rate as decimal(12, 8)) as interest_rate,
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
