-- One row per customer, attribute, value, and stretch of days on which it holds, as known over a stretch
-- of days of its own.
{%- set by_statement = 'partition by customer_key, attribute_code, statement_number' %}
with statement as (
    select
        customer_key,
        attribute_code,
        value_code,
        value_amount,
        stated_date,
        known_date,
        'visit' as source_kind_code,
        source_reference
    from {{ ref('int_file__read_visit') }}
    union all
    select
        customer_key,
        attribute_code,
        value_code,
        value_amount,
        stated_date,
        known_date,
        'survey' as source_kind_code,
        form_id as source_reference
    from {{ ref('int_file__read_survey') }}
    union all
    select
        customer_key,
        'income_band' as attribute_code,
        income_band_code as value_code,
        cast(null as decimal(18, 2)) as value_amount,
        valid_from_date as stated_date,
        valid_from_date as known_date,
        'system' as source_kind_code,
        source_system_code as source_reference
    from {{ ref('int_customer__track_version') }}
    where income_band_code is not null
),

numbered as (
    select
        statement.*,
        row_number() over (
            partition by customer_key, attribute_code
            order by stated_date, known_date, source_kind_code, source_reference, value_code, value_amount
        ) as statement_number
    from statement
    where known_date <= {{ business_date() }}
),

ordered as (
    select
        numbered.*,
        lag(known_date) over (partition by customer_key, attribute_code order by statement_number)
            as earlier_known_date
    from numbered
),

-- What ends a value: the statement after it, or one that became known before others of earlier days.
ended as (
    select
        earlier.customer_key,
        earlier.attribute_code,
        earlier.statement_number,
        greatest(later.known_date, earlier.known_date) as known_from_date,
        later.stated_date as valid_to_date
    from ordered as earlier
    inner join ordered as later
        on earlier.customer_key = later.customer_key
        and earlier.attribute_code = later.attribute_code
        and earlier.statement_number < later.statement_number
        and (
            earlier.statement_number + 1 = later.statement_number
            or later.known_date < later.earlier_known_date
        )
    union all
    select
        customer_key,
        attribute_code,
        statement_number,
        known_date as known_from_date,
        {{ open_valid_date() }} as valid_to_date
    from ordered
),

by_day as (
    select
        customer_key,
        attribute_code,
        statement_number,
        known_from_date,
        min(valid_to_date) as valid_to_date
    from ended
    group by customer_key, attribute_code, statement_number, known_from_date
),

running as (
    select
        customer_key,
        attribute_code,
        statement_number,
        known_from_date,
        min(valid_to_date) over (
            {{ by_statement }} order by known_from_date
            rows between unbounded preceding and current row
        ) as valid_to_date
    from by_day
),

changed as (
    select
        running.*,
        lag(valid_to_date) over ({{ by_statement }} order by known_from_date) as earlier_to_date
    from running
),

believed as (
    select
        changed.*,
        lead(known_from_date) over ({{ by_statement }} order by known_from_date) as known_to_date
    from changed
    where earlier_to_date is null or earlier_to_date <> valid_to_date
)

select
    cast(believed.customer_key as bigint) as customer_key,
    cast(believed.attribute_code as {{ t_string() }}) as attribute_code,
    cast(statement.value_code as {{ t_string() }}) as value_code,
    cast(statement.value_amount as decimal(18, 2)) as value_amount,
    cast(statement.source_kind_code as {{ t_string() }}) as source_kind_code,
    cast(statement.source_reference as {{ t_string() }}) as source_reference,
    cast(believed.statement_number as int) as statement_number,
    cast(statement.stated_date as date) as valid_from_date,
    cast(believed.valid_to_date as date) as valid_to_date,
    cast(believed.known_from_date as date) as known_from_date,
    cast(coalesce(believed.known_to_date, {{ open_valid_date() }}) as date) as known_to_date,
    cast(
        believed.valid_to_date = {{ open_valid_date() }} and believed.known_to_date is null as boolean
    ) as is_current
from believed
inner join ordered as statement
    on believed.customer_key = statement.customer_key
    and believed.attribute_code = statement.attribute_code
    and believed.statement_number = statement.statement_number
where statement.stated_date < believed.valid_to_date
