-- One row per entry of the old merchant ledgers, with the names and the telephone written there.
select
    cast(ledger_row_id as {{ t_string() }}) as ledger_row_id,
    cast(merchant_name as {{ t_string() }}) as merchant_name,
    cast(owner_name as {{ t_string() }}) as owner_name,
    cast(mobile_number as {{ t_string() }}) as mobile_number,
    cast(address_text as {{ t_string() }}) as address_text
from {{ ref('int_merchant__list_entry') }}
