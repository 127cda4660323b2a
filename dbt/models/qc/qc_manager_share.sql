-- One row per customer, manager, first day and doubt about the shares of several managers in a customer.
with line as (
    select
        share.*,
        person.employee_id as known_id,
        person.left_date
    from {{ ref('int_customer__list_share') }} as share
    left join {{ ref('dim_employee') }} as person
        on share.employee_id = person.employee_id and person.is_current
),

-- What nobody was told to have is nobody's already: the rows of the rest are not told.
total as (
    select
        customer_key,
        sum(share_units) as total_units,
        valid_from_date,
        valid_to_date
    from {{ ref('int_customer__hold_share') }}
    where not is_recorded and role_code <> 'rest'
    group by customer_key, valid_from_date, valid_to_date
),

lead as (
    select
        customer_key,
        sum(share_units) as lead_units,
        count(distinct employee_id) as lead_count,
        valid_from_date,
        valid_to_date
    from {{ ref('int_customer__hold_share') }}
    where role_code = 'lead'
    group by customer_key, valid_from_date, valid_to_date
),

doubt as (
    select
        case when total_units < {{ whole_units() }} then 'below_one' else 'above_one' end as reason_code,
        customer_key,
        'unassigned' as employee_id,
        {{ from_units('cast(total_units as bigint)', 8, 12) }} as share_rate,
        valid_from_date,
        valid_to_date
    from total
    where total_units <> {{ whole_units() }}
    union all
    select
        'several_leads' as reason_code,
        customer_key,
        'unassigned' as employee_id,
        {{ from_units('cast(lead_units as bigint)', 8, 12) }} as share_rate,
        valid_from_date,
        valid_to_date
    from lead
    where lead_count > 1
    {%- for reason, condition in {
        'customer_unknown': 'not is_customer_known',
        'manager_unknown': 'known_id is null',
        'manager_left': 'left_date < valid_to_date',
        'ends_before_it_begins': 'valid_from_date >= valid_to_date',
        'overtaken': 'is_overtaken',
    }.items() %}
    union all
    select
        '{{ reason }}' as reason_code,
        customer_key,
        employee_id,
        share_rate,
        valid_from_date,
        valid_to_date
    from line
    where {{ condition }}
    {%- endfor %}
    union all
    select
        'recorded_without_share' as reason_code,
        customer_key,
        employee_id,
        share_rate,
        valid_from_date,
        valid_to_date
    from {{ ref('bridge_customer_manager') }}
    where is_recorded and from_units = to_units and employee_id <> 'unassigned'
)

-- Of two lines with the same first day and doubt one row is enough.
select
    cast(reason_code as {{ t_string() }}) as reason_code,
    cast(customer_key as bigint) as customer_key,
    cast(employee_id as {{ t_string() }}) as employee_id,
    cast(max(share_rate) as decimal(12, 8)) as share_rate,
    cast(valid_from_date as date) as valid_from_date,
    cast(max(valid_to_date) as date) as valid_to_date
from doubt
group by reason_code, customer_key, employee_id, valid_from_date
