-- One row per set of methods, pillar, product, time that money is bound for and day it was agreed that
-- something is priced by: what is added to the curve. No row where nothing is.
with agreed as (
    select distinct
        method_set_code,
        pillar_code,
        product_id,
        bound_days,
        -- What was agreed holds as it was when it was agreed.
        coalesce(pricing_date, month_date) as agreed_date
    from {{ ref('int_pricing__place_month') }}
),

-- Of two add-ons of one component the product's own holds, then that of the narrower tenors.
ranked as (
    select
        agreed.*,
        rule.component_code,
        rule.add_on_rate,
        row_number() over (
            partition by
                agreed.method_set_code, agreed.pillar_code, agreed.product_id, agreed.bound_days,
                agreed.agreed_date, rule.component_code
            order by
                case when rule.product_id = '*' then 1 else 0 end,
                rule.minimum_tenor_months desc, rule.maximum_tenor_months, rule.valid_from_date desc
        ) as rule_rank
    from agreed
    inner join {{ ref('ftp_add_on') }} as rule
        on agreed.method_set_code = rule.method_set_code
        and agreed.pillar_code = rule.pillar_code
        and rule.product_id in ('*', agreed.product_id)
        and agreed.bound_days >= rule.minimum_tenor_months * 30
        and agreed.bound_days < coalesce(rule.maximum_tenor_months * 30, 1000000)
        and {{ as_at('rule', 'agreed.agreed_date') }}
)

select
    cast(method_set_code as {{ t_string() }}) as method_set_code,
    cast(pillar_code as {{ t_string() }}) as pillar_code,
    cast(product_id as {{ t_string() }}) as product_id,
    cast(bound_days as bigint) as bound_days,
    cast(agreed_date as date) as agreed_date,
    cast(coalesce(max(case when component_code = 'liquidity' then add_on_rate end), 0) as decimal(12, 8))
        as liquidity_rate,
    cast(coalesce(max(case when component_code = 'reserve' then add_on_rate end), 0) as decimal(12, 8))
        as reserve_rate,
    cast(coalesce(max(case when component_code = 'policy' then add_on_rate end), 0) as decimal(12, 8))
        as policy_rate
from ranked
where rule_rank = 1
group by method_set_code, pillar_code, product_id, bound_days, agreed_date
