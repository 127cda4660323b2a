-- One row per customer number and stretch of days on which its record stayed the same.
{% set attributes = [
    'source_system_code', 'party_type_code', 'population_type_code', 'birth_year', 'industry_code',
    'income_band_code', 'district_id', 'district_origin_code', 'organisation_id', 'manager_id', 'level_code', 'class_code',
    'status_code', 'opened_date', 'has_mobile', 'has_address',
] %}
with record as (
    select
        delivered.customer_id,
        delivered.source_system_code,
        delivered.party_type_code,
        delivered.population_type_code,
        -- The day of birth would say who it is; the year tells the age.
        cast(year(delivered.birth_date) as integer) as birth_year,
        delivered.industry_code,
        delivered.income_band_code,
        coalesce(delivered.district_id, found.district_id) as district_id,
        case when delivered.district_id is not null then 'delivered' else found.district_origin_code end
            as district_origin_code,
        delivered.organisation_id,
        delivered.manager_id,
        delivered.level_code,
        delivered.class_code,
        delivered.status_code,
        delivered.opened_date,
        delivered.mobile_number is not null as has_mobile,
        delivered.address_text is not null as has_address,
        delivered.change_code,
        delivered.business_date,
        delivered.batch_precedence,
        delivered.batch_id,
        delivered.source_row
    from {{ ref('stg_corebank__customer') }} as delivered
    left join {{ ref('int_customer__find_district') }} as found
        on delivered.customer_id = found.customer_id
        and delivered.business_date = found.business_date
        and delivered.batch_id = found.batch_id
        and delivered.source_row = found.source_row
),

version as (
    select *
    from {{ scd2(
        'record', key=['customer_id'], attributes=attributes, deleted="change_code = 'delete'"
    ) }} as tracked
)

select
    {{ surrogate_key(['assigned.customer_key', 'version.valid_from_date']) }} as customer_pk,
    assigned.customer_key,
    version.customer_id,
    version.source_system_code,
    version.party_type_code,
    version.population_type_code,
    version.birth_year,
    version.industry_code,
    version.income_band_code,
    version.district_id,
    version.district_origin_code,
    version.organisation_id,
    version.manager_id,
    version.level_code,
    version.class_code,
    version.status_code,
    version.opened_date,
    version.has_mobile,
    version.has_address,
    version.valid_from_date,
    version.valid_to_date,
    version.is_current
from version
left join {{ ref('int_customer__assign_key') }} as assigned
    on version.customer_id = assigned.customer_id
