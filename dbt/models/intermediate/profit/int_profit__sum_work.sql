-- One row per unit, month and published rule set: what the unit's work cost, what nobody used of its
-- pools, and what support was handed down to it.
with work as (
    select
        organisation.organisation_id,
        {%- for kind in ['direct', 'indirect', 'absorbed_direct', 'absorbed_indirect'] %}
        {{ total_of('work.' ~ kind ~ '_cost_amount') }} as {{ kind }}_cost_amount,
        {%- endfor %}
        work.month_date
    from {{ ref('int_profit__work_cost') }} as work
    inner join {{ ref('dim_organisation') }} as organisation
        on work.organisation_fk = organisation.organisation_pk
    group by organisation.organisation_id, work.month_date
),

pool as (
    select
        organisation_id,
        {{ total_of('full_cost_amount') }} as pool_amount,
        {{ total_of('full_cost_amount - own_cost_amount') }} as received_amount,
        month_date
    from {{ ref('int_costing__step_down') }}
    group by organisation_id, month_date
),

pool_month as (
    select distinct month_date from pool
),

-- By the rule set's method; and in a month without pools, which the ledger has not closed yet, nothing
-- is unused.
charged as (
    select
        work.organisation_id,
        rule.rule_set_code,
        {%- for kind in ['direct', 'indirect'] %}
        case
            when rule.cost_method_code = 'full_absorption' then work.absorbed_{{ kind }}_cost_amount
            else work.{{ kind }}_cost_amount
        end as {{ kind }}_cost_amount,
        {%- endfor %}
        pool_month.month_date is not null as is_pool_known,
        rule.month_date
    from work
    inner join {{ ref('int_profit__list_rule_set') }} as rule on work.month_date = rule.month_date
    left join pool_month on work.month_date = pool_month.month_date
    where rule.is_published
),

item as (
    select
        organisation_id,
        rule_set_code,
        direct_cost_amount,
        indirect_cost_amount,
        case when is_pool_known then -direct_cost_amount - indirect_cost_amount else 0 end as unused_amount,
        0 as received_amount,
        month_date
    from charged
    union all
    select
        pool.organisation_id,
        rule.rule_set_code,
        0 as direct_cost_amount,
        0 as indirect_cost_amount,
        -pool.pool_amount as unused_amount,
        pool.received_amount,
        rule.month_date
    from pool
    inner join {{ ref('int_profit__list_rule_set') }} as rule on pool.month_date = rule.month_date
    where rule.is_published
)

select
    cast(organisation_id as {{ t_string() }}) as organisation_id,
    cast(rule_set_code as {{ t_string() }}) as rule_set_code,
    cast({{ total_of('direct_cost_amount') }} as decimal(18, 2)) as direct_cost_amount,
    cast({{ total_of('indirect_cost_amount') }} as decimal(18, 2)) as indirect_cost_amount,
    cast({{ total_of('unused_amount') }} as decimal(18, 2)) as unused_amount,
    cast({{ total_of('received_amount') }} as decimal(18, 2)) as received_amount,
    cast(month_date as date) as month_date
from item
group by organisation_id, rule_set_code, month_date
