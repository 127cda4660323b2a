-- One row per survey district and version, and the unassigned member.
{% set columns = {
    'district_pk': 'bigint',
    'district_id': 'string',
    'district_name': 'string',
    'region_code': 'string',
    'former_district_name': 'string',
    'household_count': 'integer',
    'valid_from_date': 'date',
    'valid_to_date': 'date',
    'is_current': 'boolean',
} %}
with district as (
    select
        {{ surrogate_key(['district_id', 'valid_from_date']) }} as district_pk,
        district_id,
        district_name,
        region_code,
        former_district_name,
        household_count,
        valid_from_date,
        valid_to_date,
        is_current
    from {{ scd2(
        ref('stg_corebank__district'),
        key=['district_id'],
        attributes=['district_name', 'region_code', 'former_district_name', 'household_count'],
        kind='snapshot',
    ) }} as version
)

select
    {{ typed_columns(columns) }}
from district

union all

select
    {{ unassigned_member(columns, {'former_district_name': 'null'}) }}
