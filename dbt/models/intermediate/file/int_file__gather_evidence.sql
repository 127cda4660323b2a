-- One row per customer and month before he left: what the class of the month rests on, as known on its
-- last counted day.
{%- set first_month = rebuilt_from('fct_customer_class') %}
with month as (
    select
        counted.customer_key,
        counted.customer_fk,
        counted.month_date,
        counted.days_count,
        counted.observation_date,
        counted.deposit_closing_amount,
        counted.product_count
    from {{ ref('fct_customer_month') }} as counted
    inner join {{ ref('dim_customer') }} as customer on counted.customer_fk = customer.customer_pk
    where
        counted.customer_key <> {{ var('unassigned_pk') }}
        and customer.status_code <> 'closed'
        and {{ in_rebuilt('counted.month_date', first_month) }}
),

-- How far back the rules look, and when somebody counts as met: of several rows of a month the widest.
reach as (
    select
        calendar.month_date,
        max(rule.intent_days) as intent_days,
        max(rule.contact_days) as contact_days
    from {{ month_list(first_month) }} as calendar
    inner join {{ ref('customer_class_rule') }} as rule
        on {{ as_at('rule', month_reached('calendar.month_date')) }}
    group by calendar.month_date
),

contact as (
    select
        customer.customer_key,
        month.month_date,
        max(visit.visited_date) as contacted_date,
        count(*) as contact_count,
        sum(case when outcome.is_welcome then 1 else 0 end) as welcome_count
    from {{ month_list(first_month) }} as month
    inner join reach on month.month_date = reach.month_date
    inner join {{ ref('fct_visit') }} as visit
        on visit.visited_date <= {{ month_reached('month.month_date') }}
        and visit.visited_date > {{ add_days(month_reached('month.month_date'), '-reach.contact_days') }}
        and visit.outcome_code <> 'absent'
        and {{ visit_known_on('visit', month_reached('month.month_date')) }}
    inner join {{ ref('dim_customer') }} as customer on visit.customer_fk = customer.customer_pk
    left join {{ ref('visit_outcome') }} as outcome
        on visit.outcome_code = outcome.outcome_code and {{ as_at('outcome', 'visit.visited_date') }}
    group by customer.customer_key, month.month_date
),

said as (
    select
        month.customer_key,
        month.month_date,
        max(case when attribute.attribute_code = 'external_deposit' then attribute.value_amount end)
            as external_amount,
        max(case when attribute.attribute_code = 'deposit_intent' then attribute.value_amount end)
            as intent_amount,
        max(case when attribute.attribute_code = 'deposit_intent' then attribute.valid_from_date end)
            as intent_date,
        {%- for name in ['external_deposit', 'asset_band', 'need'] %}
        max(case when attribute.attribute_code = '{{ name }}' then attribute.valid_from_date end)
            as {{ name }}_date,
        {%- endfor %}
        max(case when attribute.attribute_code = 'income_band' then attribute.value_code end) as income_band_code
    from month
    inner join {{ ref('fct_customer_attribute') }} as attribute
        on month.customer_key = attribute.customer_key
        and {{ as_at('attribute', 'month.observation_date') }}
        and month.observation_date >= attribute.known_from_date
        and month.observation_date < attribute.known_to_date
    group by month.customer_key, month.month_date
),

resource as (
    select
        month.customer_key,
        month.month_date,
        count(distinct relation.related_customer_key) as resource_count
    from month
    inner join {{ ref('bridge_customer_relation') }} as relation
        on month.customer_key = relation.customer_key
        and {{ as_at('relation', 'month.observation_date') }}
    group by month.customer_key, month.month_date
)

select
    month.customer_key,
    month.customer_fk,
    month.month_date,
    month.days_count,
    month.observation_date,
    month.deposit_closing_amount as deposit_amount,
    month.product_count,
    said.income_band_code,
    said.asset_band_date,
    said.external_deposit_date,
    said.need_date,
    contact.contacted_date,
    said.external_amount,
    said.intent_amount,
    said.intent_date,
    {{ days_between('said.intent_date', 'month.observation_date') }} as intent_age_days,
    coalesce(contact.contact_count, 0) as contact_count,
    case when contact.contact_count > 0 then {{ div_units('100 * contact.welcome_count', 'contact.contact_count') }} end
        as relation_score,
    coalesce(resource.resource_count, 0) as resource_count
from month
left join said on month.customer_key = said.customer_key and month.month_date = said.month_date
left join contact on month.customer_key = contact.customer_key and month.month_date = contact.month_date
left join resource on month.customer_key = resource.customer_key and month.month_date = resource.month_date
