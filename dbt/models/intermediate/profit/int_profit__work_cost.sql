-- One row per account, or customer who was visited, unit that worked, cost method and month: what the
-- work cost, never positive.
with rebuilt as (
    select min(month_date) as first_month_date from {{ ref('int_costing__sum_work') }}
),

activity as (
    select
        cost.account_key,
        cost.customer_key,
        organisation.organisation_id,
        cost.cost_pool_code,
        cost.rate_source_code,
        cost.minutes_count,
        cost.direct_cost_amount,
        cost.cost_amount,
        cost.month_date
    from {{ ref('fct_activity_cost_month') }} as cost
    inner join rebuilt on cost.month_date >= rebuilt.first_month_date
    left join {{ ref('dim_organisation') }} as organisation
        on cost.organisation_fk = organisation.organisation_pk
),

used as (
    select
        organisation_id,
        cost_pool_code,
        month_date,
        cast(sum(minutes_count) * 10000 as bigint) as used_units
    from activity
    where rate_source_code = 'ledger'
    group by organisation_id, cost_pool_code, month_date
),

-- All of a pool on the minutes that were used, instead of on those it could work.
absorbed as (
    select
        activity.account_key,
        activity.customer_key,
        activity.organisation_id,
        activity.month_date,
        cast(sum(activity.minutes_count) * 10000 as bigint) as minute_units,
        used.used_units,
        {{ cents('pool.own_cost_amount') }} as own_cents,
        {{ cents('pool.full_cost_amount') }} as full_cents
    from activity
    inner join used
        on activity.organisation_id = used.organisation_id
        and activity.cost_pool_code = used.cost_pool_code
        and activity.month_date = used.month_date
    inner join {{ ref('int_costing__step_down') }} as pool
        on activity.organisation_id = pool.organisation_id
        and activity.cost_pool_code = pool.cost_pool_code
        and activity.month_date = pool.month_date
    where activity.rate_source_code = 'ledger' and used.used_units > 0
    group by
        activity.account_key, activity.customer_key, activity.organisation_id, activity.month_date,
        activity.cost_pool_code, used.used_units, pool.own_cost_amount, pool.full_cost_amount
),

priced as (
    select
        account_key,
        customer_key,
        organisation_id,
        month_date,
        'practical_capacity' as cost_method_code,
        direct_cost_amount,
        cost_amount
    from activity
    union all
    select
        account_key,
        customer_key,
        organisation_id,
        month_date,
        'full_absorption' as cost_method_code,
        -{{ from_units(price_of_minutes('own_cents', 'minute_units', 'used_units'), 2) }}
            as direct_cost_amount,
        -{{ from_units(price_of_minutes('full_cents', 'minute_units', 'used_units'), 2) }} as cost_amount
    from absorbed
    union all
    select
        account_key,
        customer_key,
        organisation_id,
        month_date,
        'full_absorption' as cost_method_code,
        direct_cost_amount,
        cost_amount
    from activity
    where rate_source_code <> 'ledger'
)

select
    cast(account_key as bigint) as account_key,
    cast(customer_key as bigint) as customer_key,
    cast(organisation_id as {{ t_string() }}) as organisation_id,
    cast(cost_method_code as {{ t_string() }}) as cost_method_code,
    cast({{ total_of('direct_cost_amount') }} as decimal(18, 2)) as direct_cost_amount,
    cast({{ total_of('cost_amount - direct_cost_amount') }} as decimal(18, 2)) as indirect_cost_amount,
    cast(month_date as date) as month_date
from priced
group by account_key, customer_key, organisation_id, cost_method_code, month_date
