-- One row per kind of posting, and the unassigned member.
{% set columns = {
    'transaction_type_pk': 'bigint',
    'transaction_type_code': 'string',
    'transaction_type_name_zh': 'string',
    'transaction_type_name_en': 'string',
    'category_code': 'string',
    'category_name_zh': 'string',
    'category_name_en': 'string',
} %}
with transaction_type as (
    select
        {{ surrogate_key(['transaction_type_code']) }} as transaction_type_pk,
        transaction_type_code,
        transaction_type_name_zh,
        transaction_type_name_en,
        category_code,
        category_name_zh,
        category_name_en
    from {{ ref('transaction_type') }}
)

select
    {{ typed_columns(columns) }}
from transaction_type

union all

select
    {{ unassigned_member(columns, {'transaction_type_code': "'unassigned'"}) }}
