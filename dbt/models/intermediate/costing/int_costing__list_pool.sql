-- One row per cost pool, unit and month: its cost by the ledger, its rule, and the postings that its
-- unit handled with it.
-- A month whose last day was mended is one month, by its later day, as in the ledger.
with latest as (
    {{ pick_latest_small(
        ref('stg_ledger__cost_pool'),
        key=['organisation_id', 'cost_pool_code', month_first('month_end_date')],
        latest_by='month_end_date',
        columns=[
            'organisation_id', 'cost_pool_code', 'cost_pool_name', 'month_end_date',
            'cost_amount', 'practical_minutes',
        ],
    ) }}
),

delivered as (
    select
        latest.*,
        {{ month_first('month_end_date') }} as month_date
    from latest
),

worked as (
    select
        organisation_id,
        cost_pool_code,
        month_date,
        sum(posting_count) as posting_count
    from {{ ref('int_costing__sum_work') }}
    group by organisation_id, cost_pool_code, month_date
)

select
    cast(delivered.month_date as date) as month_date,
    cast(delivered.organisation_id as {{ t_string() }}) as organisation_id,
    cast(delivered.cost_pool_code as {{ t_string() }}) as cost_pool_code,
    cast(delivered.cost_pool_name as {{ t_string() }}) as cost_pool_name,
    cast(delivered.cost_amount as decimal(18, 2)) as cost_amount,
    cast(coalesce(delivered.practical_minutes, 0) as bigint) as practical_minutes,
    cast(coalesce(worked.posting_count, 0) as bigint) as posting_count,
    -- A pool without a rule serves nobody known: its cost stays with its unit, and is told.
    cast(coalesce(rule.pool_kind_code, 'without_rule') as {{ t_string() }}) as pool_kind_code,
    cast(rule.step_number as int) as step_number,
    cast(rule.driver_code as {{ t_string() }}) as driver_code
from delivered
left join {{ ref('cost_pool_rule') }} as rule
    on delivered.cost_pool_code = rule.cost_pool_code
    and {{ as_at('rule', 'delivered.month_date') }}
left join worked
    on delivered.organisation_id = worked.organisation_id
    and delivered.cost_pool_code = worked.cost_pool_code
    and delivered.month_date = worked.month_date
