-- One row per customer and month with postings: what serving him cost, by the way he came, and what
-- would be saved if he made his counter postings by electronic means.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('mart_cost__customer_month') %}
with activity as (
    select
        cost.account_key,
        cost.transaction_type_fk,
        cost.posting_count,
        cost.minutes_count,
        cost.cost_amount,
        cost.direct_cost_amount,
        channel.channel_group_code = 'branch' as is_counter,
        coalesce(channel.is_electronic, false) as is_electronic,
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

compared as (
    select
        activity.*,
        activity.is_counter and electronic.posting_count is not null as is_movable,
        case
            when activity.is_counter and electronic.posting_count > 0 then greatest(
                -activity.cost_amount
                - {{ from_units(mul_div_round(
                    cents('electronic.cost_amount'), 'activity.posting_count', 'electronic.posting_count'
                ), 2) }},
                0
            )
            else 0
        end as saving_amount
    from activity
    left join electronic
        on activity.transaction_type_fk = electronic.transaction_type_fk
        and activity.month_date = electronic.month_date
),

account as (
    select
        account_key,
        month_date,
        sum(posting_count) as posting_count,
        sum(minutes_count) as minutes_count,
        {{ total_of('cost_amount') }} as cost_amount,
        {{ total_of('direct_cost_amount') }} as direct_cost_amount,
        {%- for kind in ['counter', 'electronic'] %}
        sum(case when is_{{ kind }} then posting_count else 0 end) as {{ kind }}_posting_count,
        {{ total_of('case when is_' ~ kind ~ ' then cost_amount else 0 end') }} as {{ kind }}_cost_amount,
        {%- endfor %}
        sum(case when is_movable then posting_count else 0 end) as movable_posting_count,
        {{ total_of('saving_amount') }} as movable_saving_amount
    from compared
    group by account_key, month_date
),

-- Postings count at the customer on the account's record, also those of a joint account.
owned as (
    select
        account.*,
        coalesce(account_month.customer_key, {{ var('unassigned_pk') }}) as customer_key,
        coalesce(account_month.customer_fk, {{ var('unassigned_pk') }}) as customer_fk
    from account
    left join {{ ref('fct_account_month') }} as account_month
        on account.account_key = account_month.account_key
        and account.month_date = account_month.month_date
)

select
    cast(customer_key as bigint) as customer_key,
    cast(max(customer_fk) as bigint) as customer_fk,
    cast({{ month_days('month_date') }} as int) as days_count,
    cast(sum(posting_count) as bigint) as posting_count,
    cast(sum(minutes_count) as decimal(18, 4)) as minutes_count,
    cast({{ total_of('cost_amount') }} as decimal(18, 2)) as cost_amount,
    cast({{ total_of('direct_cost_amount') }} as decimal(18, 2)) as direct_cost_amount,
    {%- for kind in ['counter', 'electronic'] %}
    cast(sum({{ kind }}_posting_count) as bigint) as {{ kind }}_posting_count,
    cast({{ total_of(kind ~ '_cost_amount') }} as decimal(18, 2)) as {{ kind }}_cost_amount,
    {%- endfor %}
    cast(sum(movable_posting_count) as bigint) as movable_posting_count,
    cast({{ total_of('movable_saving_amount') }} as decimal(18, 2)) as movable_saving_amount,
    cast(month_date as date) as month_date
from owned
group by customer_key, month_date
