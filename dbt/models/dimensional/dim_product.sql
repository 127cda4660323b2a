-- One row per product or product group and version, with its place in the tree, and the unassigned
-- member.
{% set columns = {
    'product_pk': 'bigint',
    'product_id': 'string',
    'product_name': 'string',
    'pillar_code': 'string',
    'gl_account_code': 'string',
    'day_basis': 'integer',
    'is_financial': 'boolean',
    'parent_product_id': 'string',
    'depth': 'integer',
    'level_1_name': 'string',
    'level_2_name': 'string',
    'level_3_name': 'string',
    'level_4_name': 'string',
    'level_5_name': 'string',
    'path_text': 'string',
    'is_parent_broken': 'boolean',
    'valid_from_date': 'date',
    'valid_to_date': 'date',
    'is_current': 'boolean',
} %}
{% set unassigned = {
    'parent_product_id': 'null',
    'depth': 1,
    'level_1_name': "'Unassigned'",
    'level_2_name': 'null',
    'level_3_name': 'null',
    'level_4_name': 'null',
    'level_5_name': 'null',
    'path_text': "'unassigned'",
    'is_parent_broken': 'false',
} %}
with product as (
    select
        {{ surrogate_key(['product_id', 'valid_from_date']) }} as product_pk,
        version.*
    from {{ scd2(
        ref('int_product__place_in_tree'),
        key=['product_id'],
        attributes=[
            'product_name', 'pillar_code', 'gl_account_code', 'day_basis', 'is_financial',
            'parent_product_id', 'depth', 'level_1_name', 'level_2_name', 'level_3_name',
            'level_4_name', 'level_5_name', 'path_text', 'is_parent_broken',
        ],
        kind='snapshot',
    ) }} as version
)

select
    {{ typed_columns(columns) }}
from product

union all

select
    {{ unassigned_member(columns, unassigned) }}
