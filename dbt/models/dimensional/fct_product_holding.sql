-- One row per customer with an open account and product category on the business date: whether he holds
-- it, and how many of those like him do.
with customer as (
    select
        place.*,
        rule.category_depth,
        rule.minimum_like_count,
        rule.minimum_share_rate
    from {{ ref('int_segment__place_like') }} as place
    inner join {{ ref('product_gap_rule') }} as rule on {{ as_at('rule', 'place.observation_date') }}
),

-- A category is the product, or what stands above it in the tree at the depth that the rule says.
held as (
    select distinct
        customer.customer_key,
        customer.like_code,
        {{ product_category('product', 'customer.category_depth') }} as category_name,
        product.pillar_code
    from {{ ref('fct_account_month') }} as account
    inner join {{ ref('dim_product') }} as product on account.product_fk = product.product_pk
    inner join customer on account.customer_key = customer.customer_key
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

crowd as (
    select
        like_code,
        count(*) as customer_count
    from customer
    group by like_code
),

crowd_held as (
    select
        like_code,
        category_name,
        count(distinct customer_key) as customer_count
    from held
    group by like_code, category_name
),

held_once as (
    select distinct
        customer_key,
        category_name
    from held
),

-- Without himself, so that what he holds proves nothing about him.
compared as (
    select
        customer.*,
        category.category_name,
        category.pillar_code,
        case when held_once.customer_key is null then 0 else 1 end as held_count,
        crowd.customer_count - 1 as like_count,
        coalesce(crowd_held.customer_count, 0)
        - case when held_once.customer_key is null then 0 else 1 end as like_held_count
    from customer
    cross join category
    inner join crowd on customer.like_code = crowd.like_code
    left join crowd_held
        on customer.like_code = crowd_held.like_code and category.category_name = crowd_held.category_name
    left join held_once
        on customer.customer_key = held_once.customer_key and category.category_name = held_once.category_name
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
        coalesce(
            compared.held_count = 0
            and compared.like_count >= compared.minimum_like_count
            and {{ share_of('compared.like_held_count', 'compared.like_count') }} >= compared.minimum_share_rate,
            false
        ) as boolean
    ) as is_gap,
    cast(compared.observation_date as date) as observation_date
from compared
