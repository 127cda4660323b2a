-- One row per customer number and stretch of days on which the bank held it to be of one party.
with listed as (
    select
        customer_key,
        party_key,
        linked_by_code,
        -- One list for the whole bank: only what the first list knew has always been so.
        1 as list_number,
        business_date,
        batch_precedence,
        batch_id,
        source_row
    from {{ ref('stg_ml__customer_party') }}
),

version as (
    select *
    from {{ scd2(
        'listed',
        key=['list_number', 'customer_key'],
        attributes=['party_key', 'linked_by_code'],
        kind='snapshot',
        scope=['list_number'],
    ) }} as tracked
),

linked as (
    select
        customer_key,
        party_key,
        linked_by_code,
        valid_from_date,
        valid_to_date
    from version
),

-- On all other days a number is a party of its own: before its first version, after each that ended.
start as (
    select
        customer_key,
        {{ first_valid_date() }} as valid_from_date
    from {{ ref('int_customer__assign_key') }}
    union all
    select
        customer_key,
        valid_to_date as valid_from_date
    from linked
    where valid_to_date < {{ open_valid_date() }}
),

alone as (
    select
        start.customer_key,
        start.valid_from_date,
        coalesce(min(linked.valid_from_date), {{ open_valid_date() }}) as valid_to_date
    from start
    left join linked
        on start.customer_key = linked.customer_key
        and start.valid_from_date <= linked.valid_from_date
    group by start.customer_key, start.valid_from_date
)

select
    customer_key,
    party_key,
    linked_by_code,
    valid_from_date,
    valid_to_date
from linked
union all
select
    customer_key,
    customer_key as party_key,
    cast(null as {{ t_string() }}) as linked_by_code,
    valid_from_date,
    valid_to_date
from alone
where valid_from_date < valid_to_date
