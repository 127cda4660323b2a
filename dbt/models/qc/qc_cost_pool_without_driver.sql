-- One row per cost pool, unit and month whose cost finds no way to customers: no rule or driver names
-- one, the driver sums to 0, or the pool can work no minute.
with judged as (
    select
        pool.organisation_fk,
        pool.organisation_id,
        pool.cost_pool_code,
        pool.cost_pool_name,
        pool.pool_kind_code,
        rule.driver_code,
        pool.full_cost_amount,
        pool.unused_amount,
        case
            when pool.pool_kind_code = 'without_rule' then 'no_rule'
            when pool.pool_kind_code = 'front' and pool.practical_minutes <= 0 then 'no_capacity'
            when pool.pool_kind_code = 'front' then null
            when rule.driver_code is null or rule.step_number is null then 'no_driver'
            else 'driver_sums_to_zero'
        end as reason_code,
        pool.month_date
    from {{ ref('fct_cost_pool_month') }} as pool
    left join {{ ref('cost_pool_rule') }} as rule
        on pool.cost_pool_code = rule.cost_pool_code
        and {{ as_at('rule', 'pool.month_date') }}
    -- A support pool that was handed down has nothing left.
    where pool.full_cost_amount <> 0
)

select
    cast(organisation_fk as bigint) as organisation_fk,
    cast(organisation_id as {{ t_string() }}) as organisation_id,
    cast(cost_pool_code as {{ t_string() }}) as cost_pool_code,
    cast(cost_pool_name as {{ t_string() }}) as cost_pool_name,
    cast(pool_kind_code as {{ t_string() }}) as pool_kind_code,
    cast(reason_code as {{ t_string() }}) as reason_code,
    cast(driver_code as {{ t_string() }}) as driver_code,
    cast(full_cost_amount as decimal(18, 2)) as full_cost_amount,
    cast(unused_amount as decimal(18, 2)) as unused_amount,
    cast(month_date as date) as month_date
from judged
where reason_code is not null
