-- One row per cost pool, unit and month: what it has after support was handed down step by step.
{%- set columns = [
    'month_date', 'organisation_id', 'cost_pool_code', 'pool_kind_code', 'step_number',
    'driver_code', 'practical_minutes', 'posting_count', 'cost_amount',
] %}
select
    cast(month_date as date) as month_date,
    cast(organisation_id as {{ t_string() }}) as organisation_id,
    cast(cost_pool_code as {{ t_string() }}) as cost_pool_code,
    cast(pool_kind_code as {{ t_string() }}) as pool_kind_code,
    cast(practical_minutes as bigint) as practical_minutes,
    cast(cost_amount as decimal(18, 2)) as own_cost_amount,
    cast({{ from_units('amount_cents', 2) }} as decimal(18, 2)) as full_cost_amount
from {{ stepped_down(ref('int_costing__list_pool'), columns) }} as pool
