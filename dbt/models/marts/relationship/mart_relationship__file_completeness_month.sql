-- One row per survey district, population and month: how complete the files of its customers are.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('mart_relationship__file_completeness_month') %}
with held as (
    select
        coalesce(district.district_id, 'unassigned') as district_id,
        coalesce(customer.population_type_code, 'unassigned') as population_type_code,
        coalesce(customer.manager_fk, {{ var('unassigned_pk') }}) <> {{ var('unassigned_pk') }} as is_managed,
        completeness.asked_weight,
        completeness.fresh_weight,
        completeness.is_complete,
        completeness.days_count,
        completeness.month_date
    from {{ ref('fct_file_completeness_month') }} as completeness
    inner join {{ ref('dim_customer') }} as customer on completeness.customer_fk = customer.customer_pk
    left join {{ ref('dim_district') }} as district on customer.district_fk = district.district_pk
    where {{ in_rebuilt('completeness.month_date', first_month) }}
),

summed as (
    select
        district_id,
        population_type_code,
        month_date,
        max(days_count) as days_count,
        count(*) as customer_count,
        sum(case when is_complete then 1 else 0 end) as complete_count,
        sum(asked_weight) as asked_weight,
        sum(fresh_weight) as fresh_weight,
        sum(case when is_managed then 1 else 0 end) as managed_count,
        sum(case when is_managed and is_complete then 1 else 0 end) as managed_complete_count,
        sum(case when is_managed then asked_weight else 0 end) as managed_asked_weight,
        sum(case when is_managed then fresh_weight else 0 end) as managed_fresh_weight
    from held
    group by district_id, population_type_code, month_date
),

district as (
    {{ carried_versions(ref('dim_district'), 'district', 'district_id', ['district_name']) }}
)

select
    cast(coalesce(district.district_pk, {{ var('unassigned_pk') }}) as bigint) as district_fk,
    cast(summed.district_id as {{ t_string() }}) as district_id,
    cast(district.district_name as {{ t_string() }}) as district_name,
    cast(summed.population_type_code as {{ t_string() }}) as population_type_code,
    cast(summed.days_count as int) as days_count,
    cast(summed.customer_count as bigint) as customer_count,
    cast(summed.complete_count as bigint) as complete_count,
    -- Null where the rule asks for nothing, or nobody is there.
    cast(
        case
            when summed.asked_weight > 0
                then {{ from_units(
                    div_units_wide('summed.fresh_weight', 'summed.asked_weight', 8), 8
                ) }}
        end as decimal(18, 8)
    ) as completeness_rate,
    cast(
        case
            when summed.managed_asked_weight > 0
                then {{ from_units(
                    div_units_wide('summed.managed_fresh_weight', 'summed.managed_asked_weight', 8), 8
                ) }}
        end as decimal(18, 8)
    ) as managed_completeness_rate,
    cast(summed.managed_count as bigint) as managed_count,
    cast(summed.managed_complete_count as bigint) as managed_complete_count,
    cast(summed.month_date as date) as month_date
from summed
left join district
    on summed.district_id = district.district_id
    and {{ as_at('district', month_reached('summed.month_date')) }}
