-- One row per account, unit, kind of posting, channel and month: what the work on them cost.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('fct_account_month') %}
with rated as (
    select
        work.account_key,
        work.organisation_fk,
        work.transaction_type_fk,
        work.channel_fk,
        work.cost_pool_code,
        work.posting_count,
        work.minutes_count,
        cast(work.minutes_count * 10000 as bigint) as minute_units,
        work.month_date,
        {{ cents('pool.full_cost_amount') }} as pool_cents,
        pool.practical_minutes * 10000 as practical_units,
        {{ cents('rule.standard_minute_amount') }} as standard_cents,
        case
            when pool.practical_minutes > 0 then 'ledger'
            when rule.standard_minute_amount is not null then 'standard'
            else 'none'
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
)

select
    cast(account_key as bigint) as account_key,
    cast(organisation_fk as bigint) as organisation_fk,
    cast(transaction_type_fk as bigint) as transaction_type_fk,
    cast(channel_fk as bigint) as channel_fk,
    cast(cost_pool_code as {{ t_string() }}) as cost_pool_code,
    cast(posting_count as bigint) as posting_count,
    cast(minutes_count as decimal(18, 4)) as minutes_count,
    cast(rate_source_code as {{ t_string() }}) as rate_source_code,
    cast(
        -{{ from_units(
            "case rate_source_code when 'ledger' then " ~ mul_div_round('pool_cents', 'minute_units', 'practical_units')
            ~ " when 'standard' then " ~ mul_div_round('standard_cents', 'minute_units', '10000') ~ ' else 0 end', 2
        ) }} as decimal(18, 2)
    ) as cost_amount,
    cast(month_date as date) as month_date
from rated
