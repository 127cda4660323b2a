-- One row per kind of pair, kind of customer and two product categories on the business date: how many of those
-- with the one hold the other, or came to open it.
{%- set pair = ['party_type_code', 'from_category_name', 'to_category_name'] %}
with holding as (
    select
        customer.party_type_code,
        holding.customer_key,
        holding.category_name,
        holding.held_count,
        holding.observation_date
    from {{ ref('fct_product_holding') }} as holding
    inner join {{ ref('dim_customer') }} as customer on holding.customer_fk = customer.customer_pk
),

crowd as (
    select
        party_type_code,
        max(observation_date) as observation_date,
        count(distinct customer_key) as customer_count
    from holding
    group by party_type_code
),

holder as (
    select
        party_type_code,
        category_name,
        sum(held_count) as customer_count
    from holding
    group by party_type_code, category_name
),

together as (
    select
        one.party_type_code,
        one.category_name as from_category_name,
        other.category_name as to_category_name,
        count(*) as both_count
    from holding as one
    inner join holding as other
        on one.customer_key = other.customer_key and one.category_name <> other.category_name
    where one.held_count = 1 and other.held_count = 1
    group by one.party_type_code, one.category_name, other.category_name
),

-- What is opened after any category.
anything as (
    select
        party_type_code,
        to_category_name,
        sum(from_count) as customer_count,
        sum(followed_count) as to_count
    from {{ ref('fct_product_sequence') }}
    group by party_type_code, to_category_name
),

paired as (
    select
        'held_together' as kind_code,
        {%- for name in pair %}
        together.{{ name }},
        {%- endfor %}
        crowd.customer_count,
        given.customer_count as from_count,
        target.customer_count as to_count,
        together.both_count,
        cast(null as decimal(12, 2)) as average_days,
        crowd.observation_date
    from together
    inner join crowd on together.party_type_code = crowd.party_type_code
    inner join holder as given
        on together.party_type_code = given.party_type_code and together.from_category_name = given.category_name
    inner join holder as target
        on together.party_type_code = target.party_type_code and together.to_category_name = target.category_name
    union all
    select
        'opened_after' as kind_code,
        {%- for name in pair %}
        path.{{ name }},
        {%- endfor %}
        anything.customer_count,
        path.from_count,
        anything.to_count,
        path.followed_count as both_count,
        path.average_days,
        path.observation_date
    from {{ ref('fct_product_sequence') }} as path
    inner join anything
        on path.party_type_code = anything.party_type_code and path.to_category_name = anything.to_category_name
),

measured as (
    select
        paired.*,
        cast(paired.both_count as double) / paired.from_count as confidence_rate,
        cast(paired.to_count as double) / paired.customer_count as base_rate,
        {{ share_bound('paired.both_count', 'paired.from_count', 'rule.bound_quantile', -1) }} as confidence_low_rate,
        {{ share_bound('paired.both_count', 'paired.from_count', 'rule.bound_quantile', 1) }} as confidence_high_rate
    from paired
    inner join {{ ref('affinity_rule') }} as rule on {{ as_at('rule', 'paired.observation_date') }}
    where paired.both_count >= rule.minimum_count
)

select
    cast(kind_code as {{ t_string() }}) as kind_code,
    cast(party_type_code as {{ t_string() }}) as party_type_code,
    cast(from_category_name as {{ t_string() }}) as from_category_name,
    cast(to_category_name as {{ t_string() }}) as to_category_name,
    cast(customer_count as bigint) as customer_count,
    cast(from_count as bigint) as from_count,
    cast(to_count as bigint) as to_count,
    cast(both_count as bigint) as both_count,
    cast(
        case when kind_code = 'held_together' then {{ share_of('both_count', 'customer_count') }} end
        as decimal(12, 8)
    ) as support_rate,
    cast(confidence_rate as decimal(12, 8)) as confidence_rate,
    cast(confidence_low_rate as decimal(12, 8)) as confidence_low_rate,
    cast(confidence_high_rate as decimal(12, 8)) as confidence_high_rate,
    cast(base_rate as decimal(12, 8)) as base_rate,
    cast(round(confidence_rate / base_rate, 9) as double) as lift,
    cast(base_rate < confidence_low_rate or base_rate > confidence_high_rate as boolean) as is_beyond_luck,
    cast(average_days as decimal(12, 2)) as average_days,
    cast(observation_date as date) as observation_date
from measured
