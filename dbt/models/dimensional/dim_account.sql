-- One row per account and version of its record, and the unassigned member.
{% set columns = {
    'account_pk': 'bigint',
    'account_key': 'bigint',
    'customer_key': 'bigint',
    'product_fk': 'bigint',
    'organisation_fk': 'bigint',
    'opening_manager_fk': 'bigint',
    'currency_code': 'string',
    'status_code': 'string',
    'opened_date': 'date',
    'closed_date': 'date',
    'interest_rate': 'decimal(12,8)',
    'rate_type_code': 'string',
    'term_months': 'integer',
    'maturity_date': 'date',
    'reprice_date': 'date',
    'valid_from_date': 'date',
    'valid_to_date': 'date',
    'is_current': 'boolean',
} %}
with product as (
    {{ carried_versions(ref('dim_product'), 'product', 'product_id') }}
),

organisation as (
    {{ carried_versions(ref('dim_organisation'), 'organisation', 'organisation_id') }}
),

manager as (
    {{ carried_versions(ref('dim_employee'), 'employee', 'employee_id') }}
),

account as (
    select
        version.account_pk,
        version.account_key,
        coalesce(version.customer_key, {{ var('unassigned_pk') }}) as customer_key,
        coalesce(product.product_pk, {{ var('unassigned_pk') }}) as product_fk,
        coalesce(organisation.organisation_pk, {{ var('unassigned_pk') }}) as organisation_fk,
        coalesce(manager.employee_pk, {{ var('unassigned_pk') }}) as opening_manager_fk,
        version.currency_code,
        version.status_code,
        version.opened_date,
        version.closed_date,
        version.interest_rate,
        version.rate_type_code,
        version.term_months,
        version.maturity_date,
        version.reprice_date,
        version.valid_from_date,
        version.valid_to_date,
        version.is_current
    from {{ ref('int_account__track_version') }} as version
    -- Product and unit as they were when the version began: history must not move when they change
    -- later.
    left join product
        on version.product_id = product.product_id
        and {{ as_at('product', 'version.valid_from_date') }}
    left join organisation
        on version.organisation_id = organisation.organisation_id
        and {{ as_at('organisation', 'version.valid_from_date') }}
    -- Who opened the account keeps it: his version of the opening day, not of the record's.
    left join manager
        on version.manager_id = manager.employee_id
        and {{ as_at('manager', 'coalesce(version.opened_date, version.valid_from_date)') }}
)

select
    {{ typed_columns(columns) }}
from account

union all

select
    {{ unassigned_member(columns) }}
