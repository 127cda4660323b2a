-- One row per unit, channel, kind of posting, cost pool and month: how often, how long, and what one
-- of them cost.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('mart_cost__activity_month') %}
with activity as (
    select
        organisation_fk,
        channel_fk,
        transaction_type_fk,
        coalesce(cost_pool_code, 'none') as cost_pool_code,
        sum(posting_count) as posting_count,
        sum(minutes_count) as minutes_count,
        {{ total_of('cost_amount') }} as cost_amount,
        {{ total_of('direct_cost_amount') }} as direct_cost_amount,
        month_date
    from {{ ref('fct_activity_cost_month') }}
    where {{ in_rebuilt('month_date', first_month) }}
    group by organisation_fk, channel_fk, transaction_type_fk, coalesce(cost_pool_code, 'none'), month_date
)

select
    cast(activity.organisation_fk as bigint) as organisation_fk,
    cast(channel.channel_code as {{ t_string() }}) as channel_code,
    cast(coalesce(channel.is_electronic, false) as boolean) as is_electronic,
    cast(transaction_type.transaction_type_code as {{ t_string() }}) as transaction_type_code,
    cast(activity.cost_pool_code as {{ t_string() }}) as cost_pool_code,
    cast({{ month_days('activity.month_date') }} as int) as days_count,
    cast(activity.posting_count as bigint) as posting_count,
    cast(activity.minutes_count as decimal(18, 4)) as minutes_count,
    cast(activity.cost_amount as decimal(18, 2)) as cost_amount,
    cast(activity.direct_cost_amount as decimal(18, 2)) as direct_cost_amount,
    cast(
        {{ average_over('activity.cost_amount', 'cast(activity.posting_count as bigint)') }} as decimal(18, 2)
    ) as unit_cost_amount,
    cast(activity.month_date as date) as month_date
from activity
inner join {{ ref('dim_channel') }} as channel on activity.channel_fk = channel.channel_pk
inner join {{ ref('dim_transaction_type') }} as transaction_type
    on activity.transaction_type_fk = transaction_type.transaction_type_pk
