-- One row per customer number and version of its name, document, phone and address.
{% set columns = {
    'customer_key': 'bigint',
    'customer_id': 'string',
    'customer_name': 'string',
    'id_type_code': 'string',
    'id_number': 'string',
    'mobile_number': 'string',
    'address_text': 'string',
    'birth_date': 'date',
    'valid_from_date': 'date',
    'valid_to_date': 'date',
    'is_current': 'boolean',
} %}
with version as (
    select *
    from {{ scd2(
        ref('stg_corebank__customer'),
        key=['customer_id'],
        attributes=[
            'customer_name', 'id_type_code', 'id_number', 'mobile_number', 'address_text',
            'birth_date',
        ],
        deleted="change_code = 'delete'",
    ) }} as tracked
),

-- Numbers that only visits or accounts mention have a pseudonym too, and must be found by it.
identity as (
    select
        assigned.customer_key,
        assigned.customer_id,
        version.customer_name,
        version.id_type_code,
        version.id_number,
        version.mobile_number,
        version.address_text,
        version.birth_date,
        coalesce(version.valid_from_date, {{ first_valid_date() }}) as valid_from_date,
        coalesce(version.valid_to_date, {{ open_valid_date() }}) as valid_to_date,
        coalesce(version.is_current, true) as is_current
    from {{ ref('int_customer__assign_key') }} as assigned
    left join version on assigned.customer_id = version.customer_id
)

select
    {{ typed_columns(columns) }}
from identity
