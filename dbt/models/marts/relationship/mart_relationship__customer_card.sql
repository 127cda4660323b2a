-- One row per customer as on the business date: all that his file says of him, in one line.
{%- set told = {
    'need': 'value_code', 'asset_band': 'value_code', 'income_band': 'value_code', 'external_deposit': 'value_amount',
} %}
with last_month as (
    select max(month_date) as month_date from {{ ref('fct_customer_month') }}
),

month as (
    select month.*
    from {{ ref('fct_customer_month') }} as month
    inner join last_month on month.month_date = last_month.month_date
    where month.customer_key <> {{ var('unassigned_pk') }}
),

said as (
    select
        {%- for code, value in told.items() %}
        max(case when attribute_code = '{{ code }}' then {{ value }} end) as {{ code }}_value,
        {%- endfor %}
        customer_key
    from {{ ref('fct_customer_attribute') }}
    where is_current
    group by customer_key
),

related as (
    select
        customer_key,
        count(distinct related_customer_key) as relation_count
    from {{ ref('bridge_customer_relation') }}
    where is_current
    group by customer_key
),

asset as (
    select
        asset.customer_key,
        {{ total_of('asset.average_amount') }} as aum_average_amount
    from {{ ref('fct_aum_month') }} as asset
    inner join last_month on asset.month_date = last_month.month_date
    group by asset.customer_key
),

visited as (
    select
        customer.customer_key,
        max(visit.visited_date) as last_visited_date
    from {{ ref('fct_visit') }} as visit
    inner join {{ ref('dim_customer') }} as customer on visit.customer_fk = customer.customer_pk
    where visit.is_valid
    group by customer.customer_key
),

-- Of the period that runs, or begins tomorrow: while it lacks a visit, the day by which that one is due.
-- Who owes it nothing is due in the one that follows, so long after the last visit.
period as (
    select
        requirement.customer_key,
        requirement.due_date,
        {{ add_days('requirement.period_end_date', 1) }} as following_start_date,
        case requirement.period_type
            when 'week' then {{ add_days('requirement.period_end_date', 7) }}
            else {{ month_last(add_days('requirement.period_end_date', 1)) }}
        end as following_end_date,
        {{ add_days('requirement.last_visited_date', 'cadence.due_after_days') }} as wanted_date
    from {{ ref('fct_visit_requirement') }} as requirement
    inner join {{ ref('visit_cadence') }} as cadence
        on requirement.level_code = cadence.level_code
        and {{ as_at('cadence', 'requirement.period_start_date') }}
    where not requirement.is_period_over
),

due as (
    select
        customer_key,
        min(coalesce(due_date, least(
            following_end_date, greatest(following_start_date, coalesce(wanted_date, following_end_date))
        ))) as next_due_date
    from period
    group by customer_key
),

complained as (
    select
        customer_key,
        count(*) as open_complaint_count
    from {{ ref('fct_complaint') }}
    where closed_date is null
    group by customer_key
)

select
    cast(month.customer_fk as bigint) as customer_fk,
    cast(month.customer_key as bigint) as customer_key,
    cast(customer.party_type_code as {{ t_string() }}) as party_type_code,
    cast(customer.population_type_code as {{ t_string() }}) as population_type_code,
    cast(customer.organisation_fk as bigint) as organisation_fk,
    cast(customer.manager_fk as bigint) as manager_fk,
    cast(customer.district_fk as bigint) as district_fk,
    cast(class.class_code as {{ t_string() }}) as class_code,
    cast(class.evidence_text_zh as {{ t_string() }}) as evidence_text_zh,
    cast(class.evidence_text_en as {{ t_string() }}) as evidence_text_en,
    cast(customer.level_code as {{ t_string() }}) as level_code,
    cast(tier.tier_code as {{ t_string() }}) as tier_code,
    cast(coalesce(tier.is_watched, false) as boolean) as is_tier_watched,
    cast(stage.stage_code as {{ t_string() }}) as stage_code,
    cast(month.deposit_closing_amount as decimal(18, 2)) as deposit_amount,
    cast(month.loan_closing_amount as decimal(18, 2)) as loan_amount,
    cast(coalesce(asset.aum_average_amount, 0) as decimal(18, 2)) as aum_average_amount,
    cast(month.product_count as bigint) as product_count,
    cast(profit.profit_12m_amount as decimal(18, 2)) as profit_12m_amount,
    cast(profit.profit_class_code as {{ t_string() }}) as profit_class_code,
    cast(said.need_value as {{ t_string() }}) as need_code,
    cast(said.income_band_value as {{ t_string() }}) as income_band_code,
    cast(said.asset_band_value as {{ t_string() }}) as asset_band_code,
    cast(said.external_deposit_value as decimal(18, 2)) as external_deposit_amount,
    cast(coalesce(related.relation_count, 0) as bigint) as relation_count,
    cast(visited.last_visited_date as date) as last_visited_date,
    cast(
        case when customer.manager_fk <> {{ var('unassigned_pk') }} then due.next_due_date end as date
    ) as next_due_date,
    cast(coalesce(complained.open_complaint_count, 0) as bigint) as open_complaint_count,
    cast(completeness.completeness_rate as decimal(18, 8)) as completeness_rate,
    cast(completeness.missing_field_codes as {{ t_string() }}) as missing_field_codes,
    cast(month.observation_date as date) as observation_date
from month
inner join {{ ref('dim_customer') }} as customer on month.customer_fk = customer.customer_pk
left join {{ ref('fct_customer_class') }} as class
    on month.customer_key = class.customer_key and month.month_date = class.month_date
left join {{ ref('fct_customer_tier_month') }} as tier
    on month.customer_key = tier.customer_key
    and month.month_date = tier.month_date
    and tier.tier_rule_set_code = '{{ var("base_tier_rule_set") }}'
left join {{ ref('fct_stage_month') }} as stage
    on month.customer_key = stage.customer_key and month.month_date = stage.month_date
left join {{ ref('mart_profitability__customer_class_month') }} as profit
    on month.customer_key = profit.customer_key and month.month_date = profit.month_date
left join {{ ref('fct_file_completeness_month') }} as completeness
    on month.customer_key = completeness.customer_key and month.month_date = completeness.month_date
left join asset on month.customer_key = asset.customer_key
left join said on month.customer_key = said.customer_key
left join related on month.customer_key = related.customer_key
left join visited on month.customer_key = visited.customer_key
left join due on month.customer_key = due.customer_key
left join complained on month.customer_key = complained.customer_key
-- Who left has no file any more.
where customer.status_code <> 'closed'
