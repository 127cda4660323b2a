-- One row per entry of the old merchant ledgers: kept, removed or disputed, with the reason.
with employee as (
    {{ carried_versions(ref('dim_employee'), 'employee', 'employee_id') }}
),

district as (
    {{ carried_versions(ref('dim_district'), 'district', 'district_id') }}
),

customer as (
    {{ carried_versions(ref('dim_customer'), 'customer', 'customer_key') }}
)

select
    cast(judged.ledger_row_id as {{ t_string() }}) as ledger_row_id,
    cast(judged.first_ledger_row_id as {{ t_string() }}) as first_ledger_row_id,
    cast(coalesce(district.district_pk, {{ var('unassigned_pk') }}) as bigint) as district_fk,
    cast(coalesce(customer.customer_pk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(judged.customer_key as bigint) as customer_key,
    cast(coalesce(former.employee_pk, {{ var('unassigned_pk') }}) as bigint) as former_manager_fk,
    cast(coalesce(opener.employee_pk, {{ var('unassigned_pk') }}) as bigint) as opening_manager_fk,
    cast(coalesce(keeper.employee_pk, {{ var('unassigned_pk') }}) as bigint) as owner_fk,
    cast(judged.match_code as {{ t_string() }}) as match_code,
    cast(judged.candidate_count as int) as candidate_count,
    cast(judged.is_opened_by_ledger as boolean) as is_opened_by_ledger,
    cast(judged.is_opened_by_system as boolean) as is_opened_by_system,
    cast(judged.verdict_code as {{ t_string() }}) as verdict_code,
    cast(judged.reason_code as {{ t_string() }}) as reason_code,
    cast(judged.listed_date as date) as listed_date,
    cast(judged.handed_over_date as date) as handed_over_date,
    cast(coalesce(judged.handed_over_date <= {{ business_date() }}, false) as boolean)
        as is_handed_over,
    cast(1 as int) as entry_count
from {{ ref('int_merchant__judge_entry') }} as judged
left join district
    on judged.district_id = district.district_id and {{ as_at('district', business_date()) }}
left join customer
    on judged.customer_key = customer.customer_key and {{ as_at('customer', business_date()) }}
left join employee as former
    on judged.manager_id = former.employee_id and {{ as_at('former', business_date()) }}
left join employee as opener
    on judged.opening_manager_id = opener.employee_id and {{ as_at('opener', business_date()) }}
left join employee as keeper
    on judged.owner_id = keeper.employee_id and {{ as_at('keeper', business_date()) }}
