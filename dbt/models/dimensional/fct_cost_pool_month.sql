-- One row per cost pool, unit and month: what the ledger says, what support brought or took, what
-- customers used of it, and the capacity that nobody used, which stays with the unit.
{{ partitioned_from_month('month_date') }}
with
-- The months that tonight's work was counted in.
rebuilt as (
    select min(month_date) as first_month_date from {{ ref('int_costing__sum_work') }}
),

used as (
    select
        cost.month_date,
        organisation.organisation_id,
        cost.cost_pool_code,
        sum(cost.minutes_count) as used_minutes,
        {{ total_of('cost.cost_amount') }} as cost_amount
    from {{ ref('fct_activity_cost_month') }} as cost
    inner join {{ ref('dim_organisation') }} as organisation
        on cost.organisation_fk = organisation.organisation_pk
    inner join rebuilt on cost.month_date >= rebuilt.first_month_date
    where cost.rate_source_code in ('ledger', 'no_capacity')
    group by cost.month_date, organisation.organisation_id, cost.cost_pool_code
),

organisation as (
    {{ carried_versions(ref('dim_organisation'), 'organisation', 'organisation_id') }}
)

select
    cast(coalesce(organisation.organisation_pk, {{ var('unassigned_pk') }}) as bigint)
        as organisation_fk,
    cast(pool.organisation_id as {{ t_string() }}) as organisation_id,
    cast(pool.cost_pool_code as {{ t_string() }}) as cost_pool_code,
    cast(pool.cost_pool_name as {{ t_string() }}) as cost_pool_name,
    cast(pool.pool_kind_code as {{ t_string() }}) as pool_kind_code,
    cast(pool.cost_amount as decimal(18, 2)) as ledger_cost_amount,
    cast(step.full_cost_amount - pool.cost_amount as decimal(18, 2)) as stepped_amount,
    cast(step.full_cost_amount as decimal(18, 2)) as full_cost_amount,
    cast(pool.practical_minutes as bigint) as practical_minutes,
    cast(coalesce(used.used_minutes, 0) as decimal(18, 4)) as used_minutes,
    cast(-coalesce(used.cost_amount, 0) as decimal(18, 2)) as assigned_amount,
    cast(step.full_cost_amount + coalesce(used.cost_amount, 0) as decimal(18, 2)) as unused_amount,
    cast(pool.month_date as date) as month_date
from {{ ref('int_costing__list_pool') }} as pool
inner join rebuilt on pool.month_date >= rebuilt.first_month_date
inner join {{ ref('int_costing__step_down') }} as step
    on pool.month_date = step.month_date
    and pool.organisation_id = step.organisation_id
    and pool.cost_pool_code = step.cost_pool_code
left join used
    on pool.month_date = used.month_date
    and pool.organisation_id = used.organisation_id
    and pool.cost_pool_code = used.cost_pool_code
left join organisation
    on pool.organisation_id = organisation.organisation_id
    and {{ as_at('organisation', month_last('pool.month_date')) }}
