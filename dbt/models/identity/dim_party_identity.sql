-- One row per party, field and value that its customer numbers bring: one chosen, the others lost.
{%- set texts = ['customer_name', 'id_number', 'mobile_number', 'address_text'] %}
with member as (
    select
        bridge.party_key,
        identity.*,
        customer.source_system_code,
        cast(identity.birth_date as {{ t_string() }}) as birth_text
    from {{ ref('bridge_party') }} as bridge
    inner join {{ ref('dim_customer_identity') }} as identity
        on bridge.customer_key = identity.customer_key and identity.is_current
    left join {{ ref('dim_customer') }} as customer
        on bridge.customer_key = customer.customer_key and customer.is_current
    where bridge.is_current and bridge.is_shared
),

brought as (
    {%- for field in texts + ['birth_date'] %}
    select
        party_key,
        customer_key,
        source_system_code,
        valid_from_date,
        '{{ field }}' as field_code,
        {{ 'birth_text' if field == 'birth_date' else field }} as value_text
    from member
    where {{ field }} is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- By the source the rule believes most for the field, then the newest word, then the number.
ranked as (
    select
        brought.party_key,
        brought.customer_key,
        brought.source_system_code,
        brought.field_code,
        brought.value_text,
        row_number() over (
            partition by brought.party_key, brought.field_code
            order by
                rule.source_rank nulls last, brought.valid_from_date desc, brought.customer_key
        ) as value_rank
    from brought
    left join {{ ref('identity_source_rule') }} as rule
        on brought.field_code = rule.field_code
        and brought.source_system_code = rule.source_system_code
        and {{ as_at('rule', business_date()) }}
),

chosen as (
    select
        party_key,
        field_code,
        value_text
    from ranked
    where value_rank = 1
)

select
    cast(ranked.party_key as bigint) as party_key,
    cast(ranked.customer_key as bigint) as customer_key,
    cast(ranked.field_code as {{ t_string() }}) as field_code,
    cast(ranked.value_text as {{ t_string() }}) as value_text,
    cast(ranked.source_system_code as {{ t_string() }}) as source_system_code,
    cast(ranked.value_rank as int) as value_rank,
    cast(ranked.value_rank = 1 as boolean) as is_chosen,
    cast(ranked.value_text = chosen.value_text as boolean) as agrees_with_chosen
from ranked
inner join chosen
    on ranked.party_key = chosen.party_key and ranked.field_code = chosen.field_code
