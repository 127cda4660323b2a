-- One row per customer, manager and stretch of days on which the customer's record and his managers' shares
-- stay the same.
with manager as (
    {{ carried_versions(ref('dim_employee'), 'employee', 'employee_id') }}
),

held as (
    select
        customer_key,
        employee_id,
        min(role_code) as role_code,
        sum(share_units) as share_units,
        max(case when is_recorded then 1 else 0 end) as is_recorded,
        valid_from_date,
        valid_to_date
    from {{ ref('int_customer__hold_share') }}
    group by customer_key, employee_id, valid_from_date, valid_to_date
),

-- One beside the other in the order of their numbers, nobody last.
stacked as (
    select
        held.*,
        sum(share_units) over (
            partition by customer_key, valid_from_date
            order by case when employee_id = 'unassigned' then 1 else 0 end, employee_id
            rows between unbounded preceding and current row
        ) as to_units,
        sum(share_units) over (partition by customer_key, valid_from_date) as total_units
    from held
),

-- Shares of more than the whole are cut in proportion.
scaled as (
    select
        stacked.*,
        {{ idiv(
            'cast(to_units - share_units as bigint) * ' ~ whole_units(), 'cast(total_units as bigint)'
        ) }} as from_part,
        {{ idiv('cast(to_units as bigint) * ' ~ whole_units(), 'cast(total_units as bigint)') }} as to_part
    from stacked
)

select
    cast(scaled.customer_key as bigint) as customer_key,
    cast(scaled.employee_id as {{ t_string() }}) as employee_id,
    cast(coalesce(manager.employee_pk, {{ var('unassigned_pk') }}) as bigint) as manager_fk,
    cast(scaled.role_code as {{ t_string() }}) as role_code,
    cast({{ from_units('(scaled.to_part - scaled.from_part)', 8, 12) }} as decimal(12, 8)) as share_rate,
    cast(scaled.from_part as bigint) as from_units,
    cast(scaled.to_part as bigint) as to_units,
    cast(scaled.is_recorded = 1 as boolean) as is_recorded,
    cast(
        scaled.from_part < scaled.to_part and scaled.to_part - scaled.from_part < {{ whole_units() }} as boolean
    ) as is_shared,
    cast(scaled.valid_from_date as date) as valid_from_date,
    cast(scaled.valid_to_date as date) as valid_to_date,
    cast(scaled.valid_to_date > {{ business_date() }} and scaled.valid_from_date <= {{ business_date() }} as boolean)
        as is_current
from scaled
left join manager
    on scaled.employee_id = manager.employee_id and {{ as_at('manager', 'scaled.valid_from_date') }}
