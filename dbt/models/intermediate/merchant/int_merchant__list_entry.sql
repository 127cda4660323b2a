-- One row per entry of the newest list of old ledgers, with the entry it repeats where it is one.
with entry as (
    {{ pick_latest_small(
        ref('stg_survey__legacy_ledger'),
        key=['ledger_row_id'],
        columns=[
            'ledger_row_id', 'manager_id', 'merchant_name', 'owner_name', 'mobile_number',
            'address_text', 'district_id', 'is_opened', 'listed_date', 'handed_over_date',
        ],
        where=in_last_list(ref('stg_survey__legacy_ledger')),
    ) }}
),

named as (
    select
        entry.*,
        shortened.plain_name,
        shortened.short_name,
        coalesce(entry.mobile_number, entry.address_text) as place_text
    from entry
    left join {{ ref('int_merchant__shorten_name') }} as shortened
        on entry.merchant_name = shortened.merchant_name
)

-- The same name in the same district with the same telephone, or where none is known the same
-- address, is the same shop: the entry written first stays.
select
    ledger_row_id,
    manager_id,
    merchant_name,
    owner_name,
    mobile_number,
    address_text,
    district_id,
    is_opened,
    listed_date,
    handed_over_date,
    plain_name,
    short_name,
    first_value(ledger_row_id) over (
        partition by plain_name, district_id, coalesce(place_text, ledger_row_id)
        order by listed_date nulls last, ledger_row_id
    ) as first_ledger_row_id
from named
