-- One row per channel of a posting, and the unassigned member.
{% set columns = {
    'channel_pk': 'bigint',
    'channel_code': 'string',
    'channel_name_zh': 'string',
    'channel_name_en': 'string',
    'channel_group_code': 'string',
    'is_electronic': 'boolean',
} %}
with channel as (
    select
        {{ surrogate_key(['channel_code']) }} as channel_pk,
        channel_code,
        channel_name_zh,
        channel_name_en,
        channel_group_code,
        is_electronic
    from {{ ref('channel') }}
)

select
    {{ typed_columns(columns) }}
from channel

union all

select
    {{ unassigned_member(columns, {'channel_code': "'unassigned'"}) }}
