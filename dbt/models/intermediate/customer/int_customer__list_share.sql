-- One row per line of the list of shared customers: which share of a customer a manager has, from when to when.
-- Of two lines of one manager the later one holds from its first day on, whether or not the earlier one was ended.
with line as (
    {{ pick_latest_small(
        ref('stg_corebank__customer_manager'), key=['customer_id', 'employee_id', 'started_date'],
        columns=['customer_id', 'employee_id', 'role_code', 'share_rate', 'started_date', 'ended_date'],
    ) }}
),

-- Every number that was ever delivered has a pseudonym, a mistyped one too: known is who is on a list of customers.
known as (
    select distinct customer_key
    from {{ ref('dim_customer') }}
    where customer_pk <> {{ var('unassigned_pk') }}
),

dated as (
    select
        line.*,
        coalesce(line.ended_date, {{ open_valid_date() }}) as told_to_date,
        coalesce(
            lead(line.started_date) over (
                partition by line.customer_id, line.employee_id order by line.started_date
            ),
            {{ open_valid_date() }}
        ) as next_from_date
    from line
)

select
    cast(assigned.customer_key as bigint) as customer_key,
    cast(dated.customer_id as {{ t_string() }}) as customer_id,
    cast(dated.employee_id as {{ t_string() }}) as employee_id,
    cast(dated.role_code as {{ t_string() }}) as role_code,
    cast(dated.share_rate as decimal(12, 8)) as share_rate,
    cast(dated.started_date as date) as valid_from_date,
    cast(greatest(least(dated.told_to_date, dated.next_from_date), dated.started_date) as date) as valid_to_date,
    cast(dated.next_from_date < dated.told_to_date as boolean) as is_overtaken,
    cast(known.customer_key is not null as boolean) as is_customer_known
from dated
inner join {{ ref('int_customer__assign_key') }} as assigned on dated.customer_id = assigned.customer_id
left join known on assigned.customer_key = known.customer_key
