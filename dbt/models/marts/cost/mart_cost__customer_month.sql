-- One row per customer and month with postings or visits: what serving him cost, by the way he came, and
-- what would be saved if he made his counter postings by electronic means.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('mart_cost__customer_month') %}
{%- set measures = [
    'posting_count', 'cost_amount', 'direct_cost_amount', 'counter_posting_count', 'counter_cost_amount',
    'electronic_posting_count', 'electronic_cost_amount', 'visit_posting_count', 'visit_cost_amount',
    'movable_posting_count',
] %}
with activity as (
    select
        cost.account_key,
        cost.customer_key as visited_customer_key,
        cost.transaction_type_fk,
        cost.posting_count,
        cost.minutes_count,
        cost.cost_amount,
        cost.direct_cost_amount,
        channel.channel_group_code = 'branch' as is_counter,
        coalesce(channel.is_electronic, false) as is_electronic,
        channel.channel_group_code = 'visit' as is_visit,
        cost.month_date
    from {{ ref('fct_activity_cost_month') }} as cost
    inner join {{ ref('dim_channel') }} as channel on cost.channel_fk = channel.channel_pk
    where {{ in_rebuilt('cost.month_date', first_month) }}
),

-- What the same kind of posting costs by electronic means in the same month, over the whole bank.
electronic as (
    select
        transaction_type_fk,
        cast(sum(posting_count) as bigint) as posting_count,
        {{ total_of('-cost_amount') }} as cost_amount,
        month_date
    from activity
    where is_electronic
    group by transaction_type_fk, month_date
),

priced as (
    select
        activity.*,
        coalesce(activity.is_counter and electronic.posting_count > 0, false) as is_movable,
        {{ from_units(mul_div_round(
            cents('electronic.cost_amount'), 'activity.posting_count', 'electronic.posting_count'
        ), 2) }} as electronic_price_amount
    from activity
    left join electronic
        on activity.transaction_type_fk = electronic.transaction_type_fk
        and activity.month_date = electronic.month_date
),

compared as (
    select
        priced.*,
        case when is_movable then greatest(-cost_amount - electronic_price_amount, 0) else 0 end as saving_amount
    from priced
),

account as (
    select
        account_key,
        visited_customer_key,
        month_date,
        sum(posting_count) as posting_count,
        sum(minutes_count) as minutes_count,
        {{ total_of('cost_amount') }} as cost_amount,
        {{ total_of('direct_cost_amount') }} as direct_cost_amount,
        {%- for kind in ['counter', 'electronic', 'visit'] %}
        sum(case when is_{{ kind }} then posting_count else 0 end) as {{ kind }}_posting_count,
        {{ total_of('case when is_' ~ kind ~ ' then cost_amount else 0 end') }} as {{ kind }}_cost_amount,
        {%- endfor %}
        sum(case when is_movable then posting_count else 0 end) as movable_posting_count,
        {{ total_of('saving_amount') }} as movable_saving_amount,
        {{ month_reached('month_date') }} as reached_date
    from compared
    group by account_key, visited_customer_key, month_date
),

holder as (
    {{ holder_stretches('account') }}
),

-- Postings count at the customer on the account's record, also those of a joint account; visits at
-- whom they were made to. A saving is his whose profit would rise by it: the holder's, by his part.
piece as (
    select
        case
            when account.visited_customer_key <> {{ var('unassigned_pk') }} then account.visited_customer_key
            else coalesce(account_month.customer_key, {{ var('unassigned_pk') }})
        end as customer_key,
        account.minutes_count,
        {%- for name in measures %}
        account.{{ name }},
        {%- endfor %}
        case when divided.account_key is null then account.movable_saving_amount else 0 end as movable_saving_amount,
        account.month_date
    from account
    left join {{ ref('fct_account_month') }} as account_month
        on account.account_key = account_month.account_key
        and account.month_date = account_month.month_date
    -- The first stretch of each account that is divided.
    left join holder as divided
        on account.account_key = divided.account_key and account.month_date = divided.month_date
        and divided.from_units = 0
    union all
    select
        holder.customer_key,
        0 as minutes_count,
        {%- for name in measures %}
        0 as {{ name }},
        {%- endfor %}
        {{ part_between('account.movable_saving_amount', 'holder.from_units', 'holder.to_units') }}
            as movable_saving_amount,
        holder.month_date
    from holder
    inner join account on holder.account_key = account.account_key and holder.month_date = account.month_date
    where account.movable_saving_amount > 0
),

summed as (
    select
        customer_key,
        sum(minutes_count) as minutes_count,
        {{ summed_measures(measures + ['movable_saving_amount']) }},
        month_date
    from piece
    group by customer_key, month_date
)

select
    cast(summed.customer_key as bigint) as customer_key,
    cast(coalesce(month.customer_fk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast({{ month_days('summed.month_date') }} as int) as days_count,
    cast(summed.posting_count - summed.visit_posting_count as bigint) as posting_count,
    cast(summed.visit_posting_count as bigint) as visit_count,
    cast(summed.minutes_count as decimal(18, 4)) as minutes_count,
    cast(summed.cost_amount as decimal(18, 2)) as cost_amount,
    cast(summed.direct_cost_amount as decimal(18, 2)) as direct_cost_amount,
    {%- for kind in ['counter', 'electronic'] %}
    cast(summed.{{ kind }}_posting_count as bigint) as {{ kind }}_posting_count,
    cast(summed.{{ kind }}_cost_amount as decimal(18, 2)) as {{ kind }}_cost_amount,
    {%- endfor %}
    cast(summed.visit_cost_amount as decimal(18, 2)) as visit_cost_amount,
    cast(summed.movable_posting_count as bigint) as movable_posting_count,
    cast(summed.movable_saving_amount as decimal(18, 2)) as movable_saving_amount,
    cast(summed.month_date as date) as month_date
from summed
left join {{ ref('fct_customer_month') }} as month
    on summed.customer_key = month.customer_key and summed.month_date = month.month_date
