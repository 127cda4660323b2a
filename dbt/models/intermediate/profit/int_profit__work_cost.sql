-- One row per account, or customer who was visited, unit that worked and month: what the work cost by
-- each cost method, never positive.
with rebuilt as (
    select min(month_date) as first_month_date from {{ ref('int_costing__sum_work') }}
),

activity as (
    select
        cost.*,
        cast(cost.minutes_count * 10000 as bigint) as minute_units
    from {{ ref('fct_activity_cost_month') }} as cost
    inner join rebuilt on cost.month_date >= rebuilt.first_month_date
),

unit_work as (
    select
        activity.organisation_fk,
        organisation.organisation_id,
        activity.cost_pool_code,
        activity.month_date,
        cast(sum(activity.minute_units) as bigint) as minute_units
    from activity
    left join {{ ref('dim_organisation') }} as organisation
        on activity.organisation_fk = organisation.organisation_pk
    where activity.rate_source_code = 'ledger'
    group by
        activity.organisation_fk, organisation.organisation_id, activity.cost_pool_code, activity.month_date
),

-- All of a pool on the minutes that were used, instead of on those it could work.
used as (
    select
        work.organisation_fk,
        work.cost_pool_code,
        work.month_date,
        cast(sum(work.minute_units) over (
            partition by work.organisation_id, work.cost_pool_code, work.month_date
        ) as bigint) as used_units,
        {{ cents('pool.own_cost_amount') }} as own_cents,
        {{ cents('pool.full_cost_amount') }} as full_cents
    from unit_work as work
    inner join {{ ref('int_costing__step_down') }} as pool
        on work.organisation_id = pool.organisation_id
        and work.cost_pool_code = pool.cost_pool_code
        and work.month_date = pool.month_date
),

priced as (
    select
        work.account_key,
        work.customer_key,
        work.organisation_fk,
        work.month_date,
        work.direct_cost_amount,
        work.cost_amount,
        case
            when used.used_units > 0
                then -{{ from_units(price_of_minutes('used.own_cents', 'work.minute_units', 'used.used_units'), 2) }}
            when work.rate_source_code = 'ledger' then 0
            else work.direct_cost_amount
        end as absorbed_direct_cost_amount,
        case
            when used.used_units > 0
                then -{{ from_units(price_of_minutes('used.full_cents', 'work.minute_units', 'used.used_units'), 2) }}
            when work.rate_source_code = 'ledger' then 0
            else work.cost_amount
        end as absorbed_cost_amount
    from activity as work
    left join used
        on case when work.rate_source_code = 'ledger' then work.organisation_fk end = used.organisation_fk
        and work.cost_pool_code = used.cost_pool_code
        and work.month_date = used.month_date
)

select
    cast(account_key as bigint) as account_key,
    cast(customer_key as bigint) as customer_key,
    cast(organisation_fk as bigint) as organisation_fk,
    cast({{ total_of('direct_cost_amount') }} as decimal(18, 2)) as direct_cost_amount,
    cast({{ total_of('cost_amount - direct_cost_amount') }} as decimal(18, 2)) as indirect_cost_amount,
    cast({{ total_of('absorbed_direct_cost_amount') }} as decimal(18, 2)) as absorbed_direct_cost_amount,
    cast({{ total_of('absorbed_cost_amount - absorbed_direct_cost_amount') }} as decimal(18, 2))
        as absorbed_indirect_cost_amount,
    cast(month_date as date) as month_date
from priced
group by account_key, customer_key, organisation_fk, month_date
