-- One row per account, unit, kind of posting, channel and month: what the work on them cost. Visits are
-- work on a customer: a row per customer, with account -1.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('fct_account_month') %}
with worked as (
    select
        work.account_key,
        work.customer_key,
        work.organisation_fk,
        work.transaction_type_fk,
        work.channel_fk,
        work.cost_pool_code,
        work.posting_count,
        work.minutes_count,
        work.month_date,
        pool.own_cost_amount,
        pool.full_cost_amount,
        pool.practical_minutes,
        rule.standard_minute_amount,
        -- A pool that says it can work no minute has no price of its own.
        case
            when pool.practical_minutes > 0 then 'ledger'
            when rule.standard_minute_amount is null then 'none'
            when pool.practical_minutes = 0 then 'no_capacity'
            else 'standard'
        end as rate_source_code
    from {{ ref('int_costing__sum_work') }} as work
    left join {{ ref('int_costing__step_down') }} as pool
        on work.month_date = pool.month_date
        and work.organisation_id = pool.organisation_id
        and work.cost_pool_code = pool.cost_pool_code
    left join {{ ref('cost_pool_rule') }} as rule
        on work.cost_pool_code = rule.cost_pool_code
        and {{ as_at('rule', 'work.month_date') }}
    where {{ in_rebuilt('work.month_date', first_month) }}
),

-- Minutes in ten-thousandths; of a standard price one minute is the capacity.
priced as (
    select
        worked.*,
        cast(minutes_count * 10000 as bigint) as minute_units,
        {%- for kind in ['own', 'full'] %}
        {{ cents(
            "case rate_source_code when 'ledger' then " ~ kind ~ "_cost_amount when 'none' then 0"
            ~ ' else standard_minute_amount end'
        ) }} as {{ kind }}_cents,
        {%- endfor %}
        case rate_source_code when 'ledger' then practical_minutes * 10000 else 10000 end
            as capacity_units
    from worked
)

select
    cast(account_key as bigint) as account_key,
    cast(customer_key as bigint) as customer_key,
    cast(organisation_fk as bigint) as organisation_fk,
    cast(transaction_type_fk as bigint) as transaction_type_fk,
    cast(channel_fk as bigint) as channel_fk,
    cast(cost_pool_code as {{ t_string() }}) as cost_pool_code,
    cast(posting_count as bigint) as posting_count,
    cast(minutes_count as decimal(18, 4)) as minutes_count,
    cast(rate_source_code as {{ t_string() }}) as rate_source_code,
    cast(
        -{{ from_units(price_of_minutes('full_cents', 'minute_units', 'capacity_units'), 2) }}
        as decimal(18, 2)
    ) as cost_amount,
    -- What the pool's own resources cost; the rest came down from support.
    cast(
        -{{ from_units(price_of_minutes('own_cents', 'minute_units', 'capacity_units'), 2) }}
        as decimal(18, 2)
    ) as direct_cost_amount,
    cast(month_date as date) as month_date
from priced
