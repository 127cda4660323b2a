-- One row per district, class, pillar of products and month: accounts opened, contracts that mature ahead, and
-- customers with a need, so far as anything is known of the month.
{%- set measures_of = {
    'opened': ['opening_count'], 'maturing': ['maturing_count', 'maturing_amount'], 'needed': ['need_count'],
} %}
{%- set key = ['district_id', 'class_code', 'pillar_code', 'month_date'] %}
with class_today as (
    select
        customer_key,
        class_code
    from {{ ref('fct_customer_class') }} as class
    where class.month_date = {{ date_literal(business_month()) }} and {{ as_at('class', business_date()) }}
),

customer_today as (
    select
        customer.customer_key,
        district.district_id,
        coalesce(class_today.class_code, 'unknown') as class_code
    from {{ ref('dim_customer') }} as customer
    inner join {{ ref('dim_district') }} as district on customer.district_fk = district.district_pk
    left join class_today on customer.customer_key = class_today.customer_key
    where customer.is_current
),

-- Where and what the customer was at the month's end.
opened as (
    select
        district.district_id,
        coalesce(class.class_code, 'unknown') as class_code,
        product.pillar_code,
        month.month_date,
        count(*) as opening_count
    from {{ ref('fct_account_month') }} as month
    inner join {{ ref('dim_product') }} as product on month.product_fk = product.product_pk
    inner join {{ ref('dim_customer') }} as customer on month.customer_fk = customer.customer_pk
    inner join {{ ref('dim_district') }} as district on customer.district_fk = district.district_pk
    left join {{ ref('fct_customer_class') }} as class
        on month.customer_key = class.customer_key
        and month.month_date = class.month_date
        and {{ as_at('class', month_reached('month.month_date')) }}
    where month.is_opened_in_month and month.is_open and product.pillar_code is not null
    group by district.district_id, coalesce(class.class_code, 'unknown'), product.pillar_code, month.month_date
),

-- As the contracts stand today; what is rolled over or repaid before is not ahead any more.
maturing as (
    select
        customer_today.district_id,
        customer_today.class_code,
        product.pillar_code,
        {{ month_first('account.maturity_date') }} as month_date,
        count(*) as maturing_count,
        {{ total_of('balance.balance_amount') }} as maturing_amount
    from {{ ref('dim_account') }} as account
    inner join {{ ref('dim_product') }} as product on account.product_fk = product.product_pk
    inner join customer_today on account.customer_key = customer_today.customer_key
    inner join {{ ref('fct_account_balance_interval') }} as balance
        on account.account_key = balance.account_key
        and {{ as_at('balance', business_date()) }}
    where
        account.is_current
        and account.maturity_date > {{ business_date() }}
        and balance.balance_amount > 0
        and {{ is_own_currency('account.currency_code') }}
        and product.pillar_code is not null
    group by
        customer_today.district_id, customer_today.class_code, product.pillar_code,
        {{ month_first('account.maturity_date') }}
),

-- Customers who have said what they need, in the month of the business date alone.
needed as (
    select
        customer_today.district_id,
        customer_today.class_code,
        need.pillar_code,
        {{ date_literal(business_month()) }} as month_date,
        count(distinct customer_today.customer_key) as need_count
    from {{ ref('fct_customer_attribute') }} as attribute
    inner join {{ ref('need_product') }} as need
        on attribute.value_code = need.need_code and {{ as_at('need', business_date()) }}
    inner join customer_today on attribute.customer_key = customer_today.customer_key
    where attribute.attribute_code = 'need' and attribute.is_current
    group by customer_today.district_id, customer_today.class_code, need.pillar_code
),

listed as (
    {{ stacked_measures(measures_of, key=key) }}
)

select
    cast(district_id as {{ t_string() }}) as district_id,
    cast(class_code as {{ t_string() }}) as class_code,
    cast(pillar_code as {{ t_string() }}) as pillar_code,
    cast(sum(opening_count) as bigint) as opening_count,
    cast(sum(maturing_count) as bigint) as maturing_count,
    cast({{ total_of('maturing_amount') }} as decimal(18, 2)) as maturing_amount,
    cast(sum(need_count) as bigint) as need_count,
    cast(month_date as date) as month_date
from listed
group by district_id, class_code, pillar_code, month_date
