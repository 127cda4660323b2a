-- One row per merchant and field that the general office compares: old ledger against president system.
with judged as (
    select
        judged.*,
        entry.plain_name,
        listed.plain_name as system_plain_name
    from {{ ref('int_merchant__judge_entry') }} as judged
    inner join {{ ref('int_merchant__list_entry') }} as entry
        on judged.ledger_row_id = entry.ledger_row_id
    left join {{ ref('int_merchant__list_system') }} as listed
        on judged.customer_key = listed.customer_key
),

-- Names stay out of the published file: of them only the verdict is told.
finding as (
    select
        ledger_row_id,
        customer_key,
        district_id,
        'merchant_name' as field_code,
        cast(null as {{ t_string() }}) as ledger_value_text,
        cast(null as {{ t_string() }}) as system_value_text,
        case
            when match_code is null then 'missing_in_system'
            when candidate_count > 1 then 'not_certain'
            when plain_name = system_plain_name then 'agrees'
            when match_code = 'one_character' then 'differs'
            else 'shortened'
        end as verdict_code
    from judged
    union all
    select
        ledger_row_id,
        customer_key,
        district_id,
        'is_opened' as field_code,
        case when is_opened_by_ledger then 'true' when not is_opened_by_ledger then 'false' end
            as ledger_value_text,
        case when coalesce(is_opened_by_system, false) then 'true' else 'false' end
            as system_value_text,
        case
            when reason_code in ('several_merchants', 'name_not_certain') then 'not_certain'
            when is_opened_by_ledger is null then 'missing_in_ledger'
            when is_opened_by_ledger = coalesce(is_opened_by_system, false) then 'agrees'
            else 'differs'
        end as verdict_code
    from judged
    union all
    select
        ledger_row_id,
        customer_key,
        district_id,
        'manager' as field_code,
        manager_id as ledger_value_text,
        opening_manager_id as system_value_text,
        case
            when reason_code in ('several_merchants', 'name_not_certain') then 'not_certain'
            when opening_manager_id is null then 'missing_in_system'
            when manager_id = opening_manager_id then 'agrees'
            else 'differs'
        end as verdict_code
    from judged
    where coalesce(is_opened_by_system, false)
    union all
    select
        cast(null as {{ t_string() }}) as ledger_row_id,
        listed.customer_key,
        listed.district_id,
        'merchant_name' as field_code,
        cast(null as {{ t_string() }}) as ledger_value_text,
        cast(null as {{ t_string() }}) as system_value_text,
        'missing_in_ledger' as verdict_code
    from {{ ref('int_merchant__list_system') }} as listed
    left join {{ ref('int_merchant__find_match') }} as match
        on listed.customer_key = match.customer_key
    where match.customer_key is null
),

district as (
    {{ carried_versions(ref('dim_district'), 'district', 'district_id') }}
),

customer as (
    {{ carried_versions(ref('dim_customer'), 'customer', 'customer_key') }}
)

select
    {{ surrogate_key(['finding.ledger_row_id', 'finding.customer_key', 'finding.field_code']) }}
        as audit_finding_pk,
    cast(finding.ledger_row_id as {{ t_string() }}) as ledger_row_id,
    cast(coalesce(customer.customer_pk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(coalesce(district.district_pk, {{ var('unassigned_pk') }}) as bigint) as district_fk,
    cast(finding.field_code as {{ t_string() }}) as field_code,
    cast(finding.ledger_value_text as {{ t_string() }}) as ledger_value_text,
    cast(finding.system_value_text as {{ t_string() }}) as system_value_text,
    cast(finding.verdict_code as {{ t_string() }}) as verdict_code,
    cast(rule.is_passed as boolean) as is_passed,
    cast(1 as int) as finding_count
from finding
inner join {{ ref('merchant_audit_rule') }} as rule
    on finding.field_code = rule.field_code
    and finding.verdict_code = rule.verdict_code
    and {{ as_at('rule', business_date()) }}
left join customer
    on finding.customer_key = customer.customer_key and {{ as_at('customer', business_date()) }}
left join district
    on finding.district_id = district.district_id and {{ as_at('district', business_date()) }}
