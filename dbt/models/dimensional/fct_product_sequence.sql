-- One row per kind of customer and two product categories on the business date: who opened his first of the one,
-- and whether he came to open his first of the other within the months of the rule.
with rule as (
    select
        affinity.follow_month_count,
        gap.category_depth
    from {{ ref('affinity_rule') }} as affinity
    inner join {{ ref('product_gap_rule') }} as gap on {{ as_at('gap', business_date()) }}
    where {{ as_at('affinity', business_date()) }}
),

history as (
    select min(month_date) as first_month_date
    from {{ ref('fct_account_month') }}
),

-- The first of each category, whenever that was: who had one already opens no first one.
opened as (
    select
        account.customer_key,
        customer.party_type_code,
        {{ product_category('product', 'rule.category_depth') }} as category_name,
        min(account.opened_date) as opened_date
    from {{ ref('dim_account') }} as account
    inner join {{ ref('dim_product') }} as product on account.product_fk = product.product_pk
    inner join {{ ref('dim_customer') }} as customer
        on account.customer_key = customer.customer_key and customer.is_current
    cross join rule
    where
        account.is_current
        and account.opened_date <= {{ business_date() }}
        and customer.customer_pk <> {{ var('unassigned_pk') }}
        and product.product_pk <> {{ var('unassigned_pk') }}
    group by account.customer_key, customer.party_type_code, {{ product_category('product', 'rule.category_depth') }}
),

category as (
    select distinct
        party_type_code,
        category_name
    from opened
),

-- Opened where figures are known, and watched for all the months: else last month's would seem to lead nowhere.
watched as (
    select
        opened.*,
        {{ add_months_to('opened.opened_date', 'rule.follow_month_count') }} as until_date
    from opened
    cross join history
    cross join rule
    where
        opened.opened_date >= history.first_month_date
        and {{ add_months_to('opened.opened_date', 'rule.follow_month_count') }} <= {{ business_date() }}
),

-- Two that were opened on one day came together, not after one another.
path as (
    select
        watched.party_type_code,
        watched.category_name as from_category_name,
        category.category_name as to_category_name,
        case
            when later.opened_date <= watched.until_date
                then {{ days_between('watched.opened_date', 'later.opened_date') }}
        end as after_days
    from watched
    inner join category
        on watched.party_type_code = category.party_type_code and watched.category_name <> category.category_name
    left join opened as later
        on watched.customer_key = later.customer_key and category.category_name = later.category_name
    where later.opened_date is null or later.opened_date > watched.opened_date
),

followed as (
    select
        party_type_code,
        from_category_name,
        to_category_name,
        count(*) as from_count,
        count(after_days) as followed_count,
        avg(after_days) as average_days
    from path
    group by party_type_code, from_category_name, to_category_name
)

select
    cast(followed.party_type_code as {{ t_string() }}) as party_type_code,
    cast(followed.from_category_name as {{ t_string() }}) as from_category_name,
    cast(followed.to_category_name as {{ t_string() }}) as to_category_name,
    cast(followed.from_count as bigint) as from_count,
    cast(followed.followed_count as bigint) as followed_count,
    cast(round(followed.average_days, 2) as decimal(12, 2)) as average_days,
    cast(rule.follow_month_count as int) as follow_month_count,
    cast({{ business_date() }} as date) as observation_date
from followed
cross join rule
