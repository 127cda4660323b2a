-- One row per employee and version, and the unassigned member.
{% set columns = {
    'employee_pk': 'bigint',
    'employee_id': 'string',
    'employee_name': 'string',
    'organisation_fk': 'bigint',
    'post_code': 'string',
    'hired_date': 'date',
    'left_date': 'date',
    'valid_from_date': 'date',
    'valid_to_date': 'date',
    'is_current': 'boolean',
} %}
with version as (
    select *
    from {{ scd2(
        ref('stg_corebank__employee'),
        key=['employee_id'],
        attributes=['employee_name', 'organisation_id', 'post_code', 'hired_date', 'left_date'],
        kind='snapshot',
    ) }} as tracked
),

organisation as (
    {{ carried_versions(ref('dim_organisation'), 'organisation', 'organisation_id') }}
),

employee as (
    select
        {{ surrogate_key(['version.employee_id', 'version.valid_from_date']) }} as employee_pk,
        version.employee_id,
        version.employee_name,
        coalesce(organisation.organisation_pk, {{ var('unassigned_pk') }}) as organisation_fk,
        version.post_code,
        version.hired_date,
        version.left_date,
        version.valid_from_date,
        version.valid_to_date,
        version.is_current
    from version
    left join organisation
        on version.organisation_id = organisation.organisation_id
        and {{ as_at('organisation', 'version.valid_from_date') }}
)

select
    {{ typed_columns(columns) }}
from employee

union all

select
    {{ unassigned_member(columns) }}
