-- One row per month, set of methods, product, currency, pillar and kind of account that there is: the
-- rule its transfer price is found by. In a night that goes on from a generation, the rebuilt months.
{%- set first_month = rebuilt_from('fct_account_month') %}
with kind as (
    select distinct
        product_id,
        currency_code,
        pillar_code,
        pricing_kind_code
    from {{ ref('int_pricing__place_account') }}
    union distinct
    -- A deposit in the red is lent money.
    select
        product_id,
        currency_code,
        'asset' as pillar_code,
        'overdraft' as pricing_kind_code
    from {{ ref('int_pricing__place_account') }}
    where pillar_code = 'liability'
),

-- The rule of the month in each set; one of the product's own goes before that of its kind.
ruled as (
    select
        month.month_date,
        kind.*,
        method_set.method_set_code,
        rule.method_code,
        rule.tenor_months,
        rule.core_share_rate,
        rule.core_share_source_code,
        rule.overdraft_rate,
        rule.day_basis,
        row_number() over (
            partition by
                month.month_date, method_set.method_set_code, kind.product_id, kind.currency_code,
                kind.pillar_code, kind.pricing_kind_code
            order by case when rule.product_id = '*' then 1 else 0 end, rule.product_id
        ) as rule_rank
    from kind
    cross join {{ month_list(first_month) }} as month
    cross join {{ ftp_method_sets() }} as method_set
    left join {{ ref('ftp_rule') }} as rule
        on method_set.method_set_code = rule.method_set_code
        and kind.pillar_code = rule.pillar_code
        and kind.pricing_kind_code = rule.pricing_kind_code
        and rule.product_id in ('*', kind.product_id)
        and {{ as_at('rule', 'month.month_date') }}
)

select
    cast(month_date as date) as month_date,
    cast(method_set_code as {{ t_string() }}) as method_set_code,
    cast(product_id as {{ t_string() }}) as product_id,
    cast(currency_code as {{ t_string() }}) as currency_code,
    cast(pillar_code as {{ t_string() }}) as pillar_code,
    cast(pricing_kind_code as {{ t_string() }}) as pricing_kind_code,
    cast(method_code as {{ t_string() }}) as method_code,
    cast(tenor_months as bigint) as tenor_months,
    cast(core_share_rate as decimal(12, 8)) as core_share_rate,
    cast(core_share_source_code as {{ t_string() }}) as core_share_source_code,
    cast(overdraft_rate as decimal(12, 8)) as overdraft_rate,
    cast(day_basis as int) as day_basis
from ruled
where rule_rank = 1
