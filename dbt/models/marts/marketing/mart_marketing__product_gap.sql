-- One row per group of customers (population, class or segment) and product category on the business
-- date: who holds it, how many would if they did as those like them, and who lacks it.
with member as (
    select
        'population' as group_kind_code,
        coalesce(customer.population_type_code, customer.party_type_code, 'unknown') as group_code,
        holding.customer_key,
        holding.category_name
    from {{ ref('fct_product_holding') }} as holding
    inner join {{ ref('dim_customer') }} as customer on holding.customer_fk = customer.customer_pk
    union all
    select
        'class' as group_kind_code,
        class.class_code as group_code,
        holding.customer_key,
        holding.category_name
    from {{ ref('fct_product_holding') }} as holding
    inner join {{ ref('fct_customer_class') }} as class
        on holding.customer_key = class.customer_key
        and {{ month_first('holding.observation_date') }} = class.month_date
    union all
    select
        'segment' as group_kind_code,
        segment.segment_code as group_code,
        holding.customer_key,
        holding.category_name
    from {{ ref('fct_product_holding') }} as holding
    inner join {{ ref('fct_segment_member_month') }} as segment
        on holding.customer_key = segment.customer_key
        and {{ month_first('holding.observation_date') }} = segment.month_date
),

summed as (
    select
        member.group_kind_code,
        member.group_code,
        holding.category_name,
        holding.pillar_code,
        holding.observation_date,
        count(*) as customer_count,
        sum(holding.held_count) as held_count,
        sum(coalesce(holding.like_share_rate, 0)) as expected_count,
        sum(case when holding.is_gap then 1 else 0 end) as lacking_count
    from member
    inner join {{ ref('fct_product_holding') }} as holding
        on member.customer_key = holding.customer_key and member.category_name = holding.category_name
    group by
        member.group_kind_code, member.group_code, holding.category_name, holding.pillar_code,
        holding.observation_date
)

select
    cast(summed.group_kind_code as {{ t_string() }}) as group_kind_code,
    cast(summed.group_code as {{ t_string() }}) as group_code,
    cast(summed.category_name as {{ t_string() }}) as category_name,
    cast(summed.pillar_code as {{ t_string() }}) as pillar_code,
    cast(summed.customer_count as bigint) as customer_count,
    cast(summed.held_count as bigint) as held_count,
    cast({{ share_of('summed.held_count', 'summed.customer_count') }} as decimal(12, 8)) as held_rate,
    cast(summed.expected_count as decimal(18, 4)) as expected_count,
    cast({{ from_units(div_units_wide(
        wide_units('summed.expected_count', 8), 'summed.customer_count'
    ), 8) }} as decimal(12, 8)) as expected_rate,
    cast(summed.expected_count - summed.held_count as decimal(18, 4)) as gap_count,
    cast(summed.lacking_count as bigint) as lacking_count,
    cast(summed.observation_date as date) as observation_date
from summed
