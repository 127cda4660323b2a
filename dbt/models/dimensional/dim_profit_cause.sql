-- One row per cause that a row of the profit statement stands at an account or at its unit for.
select
    cast(cause_code as {{ t_string() }}) as cause_code,
    cast(cause_name_zh as {{ t_string() }}) as cause_name_zh,
    cast(cause_name_en as {{ t_string() }}) as cause_name_en,
    cast(is_explanation as boolean) as is_explanation,
    cast(is_ledger_placement as boolean) as is_ledger_placement
from {{ ref('profit_cause') }}
