-- One row per unit, cost pool and month: the minutes it can work and those it worked, and what either
-- cost.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('mart_cost__capacity_month') %}
select
    cast(pool.organisation_fk as bigint) as organisation_fk,
    cast(pool.organisation_id as {{ t_string() }}) as organisation_id,
    cast(organisation.organisation_name as {{ t_string() }}) as organisation_name,
    cast(pool.cost_pool_code as {{ t_string() }}) as cost_pool_code,
    cast(pool.cost_pool_name as {{ t_string() }}) as cost_pool_name,
    cast(pool.pool_kind_code as {{ t_string() }}) as pool_kind_code,
    cast({{ month_days('pool.month_date') }} as int) as days_count,
    cast(pool.practical_minutes as bigint) as practical_minutes,
    cast(pool.used_minutes as decimal(18, 4)) as used_minutes,
    cast(pool.practical_minutes - pool.used_minutes as decimal(18, 4)) as unused_minutes,
    -- Null where no minute can be worked.
    cast({{ share_of('cast(pool.used_minutes as bigint)', 'pool.practical_minutes') }} as decimal(18, 8)) as used_rate,
    cast(-pool.full_cost_amount as decimal(18, 2)) as full_cost_amount,
    cast(-pool.assigned_amount as decimal(18, 2)) as used_cost_amount,
    cast(-pool.unused_amount as decimal(18, 2)) as unused_cost_amount,
    cast(pool.month_date as date) as month_date
from {{ ref('fct_cost_pool_month') }} as pool
inner join {{ ref('dim_organisation') }} as organisation on pool.organisation_fk = organisation.organisation_pk
where {{ in_rebuilt('pool.month_date', first_month) }}
