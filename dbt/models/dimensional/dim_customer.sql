-- One row per customer and version of its record, and the unassigned member.
{% set columns = {
    'customer_pk': 'bigint',
    'customer_key': 'bigint',
    'party_type_code': 'string',
    'population_type_code': 'string',
    'birth_year': 'integer',
    'industry_code': 'string',
    'income_band_code': 'string',
    'district_fk': 'bigint',
    'district_origin_code': 'string',
    'organisation_fk': 'bigint',
    'manager_fk': 'bigint',
    'level_code': 'string',
    'class_code': 'string',
    'status_code': 'string',
    'opened_date': 'date',
    'source_system_code': 'string',
    'has_mobile': 'boolean',
    'has_address': 'boolean',
    'valid_from_date': 'date',
    'valid_to_date': 'date',
    'is_current': 'boolean',
} %}
with district as (
    {{ carried_versions(ref('dim_district'), 'district', 'district_id') }}
),

organisation as (
    {{ carried_versions(ref('dim_organisation'), 'organisation', 'organisation_id') }}
),

manager as (
    {{ carried_versions(ref('dim_employee'), 'employee', 'employee_id') }}
),

customer as (
    select
        version.customer_pk,
        version.customer_key,
        version.party_type_code,
        version.population_type_code,
        version.birth_year,
        version.industry_code,
        version.income_band_code,
        coalesce(district.district_pk, {{ var('unassigned_pk') }}) as district_fk,
        version.district_origin_code,
        coalesce(organisation.organisation_pk, {{ var('unassigned_pk') }}) as organisation_fk,
        coalesce(manager.employee_pk, {{ var('unassigned_pk') }}) as manager_fk,
        version.level_code,
        version.class_code,
        version.status_code,
        version.opened_date,
        version.source_system_code,
        version.has_mobile,
        version.has_address,
        version.valid_from_date,
        version.valid_to_date,
        version.is_current
    from {{ ref('int_customer__track_version') }} as version
    -- District, unit and manager as they were when the version began: history must not move when
    -- they change later.
    left join district
        on version.district_id = district.district_id
        and {{ as_at('district', 'version.valid_from_date') }}
    left join organisation
        on version.organisation_id = organisation.organisation_id
        and {{ as_at('organisation', 'version.valid_from_date') }}
    left join manager
        on version.manager_id = manager.employee_id
        and {{ as_at('manager', 'version.valid_from_date') }}
)

select
    {{ typed_columns(columns) }}
from customer

union all

select
    {{ unassigned_member(columns) }}
