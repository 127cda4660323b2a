-- One row per customer, manager, reason why he has a part in him, and stretch of days on which the customer's
-- record and his managers' shares stay the same: the shares as told, before they are made whole.
with record as (
    {{ carried_versions(ref('dim_customer'), 'customer', 'customer_key', ['manager_fk']) }}
),

-- Nobody's accounts are nobody's: so the parts of all add up to the bank.
recorded as (
    select
        record.customer_key,
        manager.employee_id,
        record.valid_from_date,
        record.valid_to_date
    from record
    inner join {{ ref('dim_employee') }} as manager on record.manager_fk = manager.employee_pk
    union all
    select
        customer_key,
        'unassigned' as employee_id,
        {{ first_valid_date() }} as valid_from_date,
        {{ open_valid_date() }} as valid_to_date
    from {{ ref('dim_customer') }}
    where customer_pk = {{ var('unassigned_pk') }}
    union all
    -- Whoever holds an account and is on no list of customers has no manager either.
    select distinct
        holder.customer_key,
        'unassigned' as employee_id,
        {{ first_valid_date() }} as valid_from_date,
        {{ open_valid_date() }} as valid_to_date
    from {{ ref('bridge_account_holder') }} as holder
    left join {{ ref('dim_customer') }} as customer on holder.customer_key = customer.customer_key
    where customer.customer_key is null
),

-- A manager whom nobody knows is nobody; a customer whom nobody knows brings nothing to share.
line as (
    select
        share.customer_key,
        coalesce(person.employee_id, 'unassigned') as employee_id,
        share.role_code,
        cast(share.share_rate * {{ whole_units() }} as bigint) as share_units,
        share.valid_from_date,
        share.valid_to_date
    from {{ ref('int_customer__list_share') }} as share
    left join {{ ref('dim_employee') }} as person
        on share.employee_id = person.employee_id and person.is_current
    where share.is_customer_known and share.valid_from_date < share.valid_to_date
),

cut as (
    select
        customer_key,
        valid_from_date as cut_date
    from recorded
    union distinct
    select
        customer_key,
        valid_from_date as cut_date
    from line
    union distinct
    select
        customer_key,
        valid_to_date as cut_date
    from line
),

stretch as (
    select
        customer_key,
        cut_date as valid_from_date,
        lead(cut_date, 1, {{ open_valid_date() }}) over (partition by customer_key order by cut_date)
            as valid_to_date
    from cut
),

summed as (
    select
        stretch.customer_key,
        stretch.valid_from_date,
        sum(line.share_units) as total_units
    from stretch
    inner join line on stretch.customer_key = line.customer_key and {{ as_at('line', 'stretch.valid_from_date') }}
    group by stretch.customer_key, stretch.valid_from_date
    having sum(line.share_units) > 0
),

-- Without a line of that day the manager on the record has the whole; with lines he may have nothing, and
-- has a row all the same, since the customer counts as his. What lines leave over is nobody's.
held as (
    select
        stretch.customer_key,
        stretch.valid_from_date,
        stretch.valid_to_date,
        recorded.employee_id,
        'record' as role_code,
        case when summed.customer_key is null then {{ whole_units() }} else 0 end as share_units,
        true as is_recorded
    from stretch
    inner join recorded
        on stretch.customer_key = recorded.customer_key and {{ as_at('recorded', 'stretch.valid_from_date') }}
    left join summed
        on stretch.customer_key = summed.customer_key and stretch.valid_from_date = summed.valid_from_date
    union all
    select
        stretch.customer_key,
        stretch.valid_from_date,
        stretch.valid_to_date,
        line.employee_id,
        line.role_code,
        sum(line.share_units) as share_units,
        false as is_recorded
    from stretch
    inner join summed
        on stretch.customer_key = summed.customer_key and stretch.valid_from_date = summed.valid_from_date
    inner join line on stretch.customer_key = line.customer_key and {{ as_at('line', 'stretch.valid_from_date') }}
    group by
        stretch.customer_key, stretch.valid_from_date, stretch.valid_to_date, line.employee_id, line.role_code
    union all
    select
        stretch.customer_key,
        stretch.valid_from_date,
        stretch.valid_to_date,
        'unassigned' as employee_id,
        'rest' as role_code,
        {{ whole_units() }} - summed.total_units as share_units,
        false as is_recorded
    from stretch
    inner join summed
        on stretch.customer_key = summed.customer_key and stretch.valid_from_date = summed.valid_from_date
    where summed.total_units < {{ whole_units() }}
)

select
    cast(customer_key as bigint) as customer_key,
    cast(employee_id as {{ t_string() }}) as employee_id,
    cast(role_code as {{ t_string() }}) as role_code,
    cast(share_units as bigint) as share_units,
    cast(is_recorded as boolean) as is_recorded,
    cast(valid_from_date as date) as valid_from_date,
    cast(valid_to_date as date) as valid_to_date
from held
