-- One row per customer number and stretch of days on which the bank held it to be of one party.
{% set columns = {
    'customer_key': 'bigint',
    'party_key': 'bigint',
    'linked_by_code': 'string',
    'is_shared': 'boolean',
    'valid_from_date': 'date',
    'valid_to_date': 'date',
    'is_current': 'boolean',
} %}
with tracked as (
    select
        customer_key,
        party_key,
        linked_by_code,
        valid_from_date,
        valid_to_date,
        valid_to_date > {{ business_date() }} as is_current
    from {{ ref('int_identity__track_party') }}
),

-- A party of today has as many numbers as hold it today.
held as (
    select
        party_key,
        count(*) as customer_count
    from tracked
    where is_current
    group by party_key
),

party as (
    select
        tracked.customer_key,
        tracked.party_key,
        tracked.linked_by_code,
        tracked.linked_by_code is not null
        or (tracked.is_current and held.customer_count > 1) as is_shared,
        tracked.valid_from_date,
        tracked.valid_to_date,
        tracked.is_current
    from tracked
    left join held on tracked.party_key = held.party_key
)

select
    {{ typed_columns(columns) }}
from party
