-- One row per product group on the business date: what whoever holds it has brought by it in a year.
with rule as (
    select
        offer.product_group_code,
        offer.value_month_count,
        max(product.product_group_name_zh) as product_group_name_zh,
        max(product.product_group_name_en) as product_group_name_en
    from {{ ref('offer_rule') }} as offer
    inner join {{ ref('product_group') }} as product
        on offer.product_group_code = product.product_group_code
        and {{ as_at('product', business_date()) }}
    where {{ as_at('offer', business_date()) }}
    group by offer.product_group_code, offer.value_month_count
),

-- What was held on any day of a month, whether or not it brought anything.
held as (
    select distinct
        rule.product_group_code,
        account.customer_key,
        account.month_date
    from {{ ref('fct_account_month') }} as account
    inner join {{ ref('bridge_product_group') }} as placed
        on account.product_fk = placed.product_fk and {{ as_at('placed', business_date()) }}
    inner join rule on placed.product_group_code = rule.product_group_code
    where
        (account.is_open or account.is_closed_in_month)
        and account.customer_key <> {{ var('unassigned_pk') }}
        and {{ month_last('account.month_date') }} <= {{ business_date() }}
        and {{ month_last('account.month_date') }}
        > {{ add_months_to(business_date(), '-rule.value_month_count') }}
),

earned as (
    select
        placed.product_group_code,
        profit.customer_key,
        profit.month_date,
        {{ total_of('profit.amount') }} as amount
    from {{ ref('fct_profit_month') }} as profit
    inner join {{ ref('dim_profit_line') }} as line
        on profit.profit_line_code = line.profit_line_code and line.is_before_tax
    inner join {{ ref('bridge_product_group') }} as placed
        on profit.product_fk = placed.product_fk and {{ as_at('placed', business_date()) }}
    where profit.rule_set_code = '{{ var("base_rule_set") }}' and profit.cause_code = 'account'
    group by placed.product_group_code, profit.customer_key, profit.month_date
),

summed as (
    select
        held.product_group_code,
        count(*) as holder_month_count,
        count(distinct held.customer_key) as holder_count,
        {{ total_of('coalesce(earned.amount, 0)') }} as earned_amount
    from held
    left join earned
        on held.product_group_code = earned.product_group_code
        and held.customer_key = earned.customer_key
        and held.month_date = earned.month_date
    group by held.product_group_code
)

select
    cast(rule.product_group_code as {{ t_string() }}) as product_group_code,
    cast(rule.product_group_name_zh as {{ t_string() }}) as product_group_name_zh,
    cast(rule.product_group_name_en as {{ t_string() }}) as product_group_name_en,
    cast(coalesce(summed.holder_count, 0) as bigint) as holder_count,
    cast(coalesce(summed.holder_month_count, 0) as bigint) as holder_month_count,
    cast(coalesce(summed.earned_amount, 0) as decimal(18, 2)) as earned_amount,
    cast({{ amount_each('summed.earned_amount * 12', 'summed.holder_month_count') }} as decimal(18, 2))
        as year_value_amount,
    cast({{ business_date() }} as date) as observation_date
from rule
left join summed on rule.product_group_code = summed.product_group_code
