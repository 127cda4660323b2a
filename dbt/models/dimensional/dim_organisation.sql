-- One row per unit of the bank and version, with its place in the tree, and the unassigned member.
{% set columns = {
    'organisation_pk': 'bigint',
    'organisation_id': 'string',
    'organisation_name': 'string',
    'organisation_type_code': 'string',
    'region_code': 'string',
    'parent_organisation_id': 'string',
    'depth': 'integer',
    'level_1_name': 'string',
    'level_2_name': 'string',
    'level_3_name': 'string',
    'level_4_name': 'string',
    'level_5_name': 'string',
    'path_text': 'string',
    'is_parent_broken': 'boolean',
    'opened_date': 'date',
    'closed_date': 'date',
    'valid_from_date': 'date',
    'valid_to_date': 'date',
    'is_current': 'boolean',
} %}
{% set unassigned = {
    'parent_organisation_id': 'null',
    'depth': 1,
    'level_1_name': "'Unassigned'",
    'level_2_name': 'null',
    'level_3_name': 'null',
    'level_4_name': 'null',
    'level_5_name': 'null',
    'path_text': "'unassigned'",
    'is_parent_broken': 'false',
} %}
with organisation as (
    select
        {{ surrogate_key(['organisation_id', 'valid_from_date']) }} as organisation_pk,
        version.*
    from {{ scd2(
        ref('int_organisation__place_in_tree'),
        key=['organisation_id'],
        attributes=[
            'organisation_name', 'organisation_type_code', 'region_code', 'parent_organisation_id',
            'depth', 'level_1_name', 'level_2_name', 'level_3_name', 'level_4_name', 'level_5_name',
            'path_text', 'is_parent_broken', 'opened_date', 'closed_date',
        ],
        kind='snapshot',
    ) }} as version
)

select
    {{ typed_columns(columns) }}
from organisation

union all

select
    {{ unassigned_member(columns, unassigned) }}
