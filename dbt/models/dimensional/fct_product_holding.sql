-- One row per customer with an open account and product category on the business date: whether he holds
-- it, and how many of those like him do.
with customer as (
    select * from {{ ref('int_segment__place_like') }}
),

-- A category is the second level of the tree of products.
held as (
    select distinct
        account.customer_key,
        coalesce(product.level_2_name, product.level_1_name) as category_name,
        product.pillar_code
    from {{ ref('fct_account_month') }} as account
    inner join {{ ref('dim_product') }} as product on account.product_fk = product.product_pk
    where
        account.month_date = {{ date_literal(business_month()) }}
        and account.is_open
        and product.product_pk <> {{ var('unassigned_pk') }}
),

category as (
    select
        category_name,
        min(pillar_code) as pillar_code
    from held
    group by category_name
),

paired as (
    select
        customer.customer_key,
        customer.customer_fk,
        customer.observation_date,
        customer.like_code,
        category.category_name,
        category.pillar_code,
        case when held.customer_key is null then 0 else 1 end as held_count
    from customer
    cross join category
    left join held
        on customer.customer_key = held.customer_key and category.category_name = held.category_name
),

-- Without himself, so that what he holds proves nothing about him.
compared as (
    select
        paired.*,
        count(*) over (partition by paired.like_code, paired.category_name) - 1 as like_count,
        sum(paired.held_count) over (partition by paired.like_code, paired.category_name)
        - paired.held_count as like_held_count
    from paired
)

select
    cast(compared.customer_fk as bigint) as customer_fk,
    cast(compared.customer_key as bigint) as customer_key,
    cast(compared.category_name as {{ t_string() }}) as category_name,
    cast(compared.pillar_code as {{ t_string() }}) as pillar_code,
    cast(compared.held_count as int) as held_count,
    cast(compared.like_code as {{ t_string() }}) as like_code,
    cast(compared.like_count as bigint) as like_count,
    cast({{ share_of('compared.like_held_count', 'compared.like_count') }} as decimal(12, 8)) as like_share_rate,
    cast(
        compared.held_count = 0
        and compared.like_count >= rule.minimum_like_count
        and {{ share_of('compared.like_held_count', 'compared.like_count') }} >= rule.minimum_share_rate
        as boolean
    ) as is_gap,
    cast(compared.observation_date as date) as observation_date
from compared
inner join {{ ref('product_gap_rule') }} as rule on {{ as_at('rule', 'compared.observation_date') }}
