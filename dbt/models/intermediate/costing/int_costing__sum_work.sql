-- One row per account, unit, kind of posting, channel and month: postings, and the minutes of the pool
-- that they take by the time equation of their kind: a base, and more where a condition holds. Visits
-- are work on a customer, whatever accounts he has: a row per customer, with account -1.
{%- set first_month = rebuilt_from('fct_account_month') %}
with rule as (
    select
        time.cost_pool_code,
        time.base_minutes,
        time.valid_from_date,
        time.valid_to_date,
        transaction_type.transaction_type_pk as transaction_type_fk,
        channel.channel_pk as channel_fk
    from {{ ref('activity_time') }} as time
    inner join {{ ref('dim_transaction_type') }} as transaction_type
        on time.transaction_type_code = transaction_type.transaction_type_code
    inner join {{ ref('dim_channel') }} as channel on time.channel_code = channel.channel_code
),

condition as (
    select
        condition.condition_code,
        condition.threshold_amount,
        condition.extra_minutes,
        condition.valid_from_date,
        condition.valid_to_date,
        transaction_type.transaction_type_pk as transaction_type_fk,
        channel.channel_pk as channel_fk
    from {{ ref('activity_time_condition') }} as condition
    inner join {{ ref('dim_transaction_type') }} as transaction_type
        on condition.transaction_type_code = transaction_type.transaction_type_code
    inner join {{ ref('dim_channel') }} as channel on condition.channel_code = channel.channel_code
),

extra as (
    select
        coalesce(account.account_key, {{ var('unassigned_pk') }}) as account_key,
        posting.organisation_fk,
        posting.transaction_type_fk,
        posting.channel_fk,
        posting.month_date,
        sum(condition.extra_minutes) as extra_minutes
    from {{ ref('fct_transaction') }} as posting
    inner join condition
        on posting.transaction_type_fk = condition.transaction_type_fk
        and posting.channel_fk = condition.channel_fk
        and {{ as_at('condition', 'posting.month_date') }}
        and case condition.condition_code
            when 'amount_at_least' then posting.amount >= condition.threshold_amount
            when 'to_other_bank' then posting.counterparty_bank_name is not null
        end
    left join {{ ref('dim_account') }} as account on posting.account_fk = account.account_pk
    where
        posting.booked_date <= {{ business_date() }}
        and {{ in_rebuilt('posting.month_date', first_month) }}
    group by
        coalesce(account.account_key, {{ var('unassigned_pk') }}), posting.organisation_fk,
        posting.transaction_type_fk, posting.channel_fk, posting.month_date
),

posted as (
    select
        activity.account_key,
        {{ var('unassigned_pk') }} as customer_key,
        activity.organisation_fk,
        activity.transaction_type_fk,
        activity.channel_fk,
        rule.cost_pool_code,
        activity.transaction_count as posting_count,
        activity.transaction_count * coalesce(rule.base_minutes, 0)
        + coalesce(extra.extra_minutes, 0) as minutes_count,
        activity.month_date
    from {{ ref('int_account__sum_activity') }} as activity
    left join rule
        on activity.transaction_type_fk = rule.transaction_type_fk
        and activity.channel_fk = rule.channel_fk
        and {{ as_at('rule', 'activity.month_date') }}
    left join extra
        on activity.account_key = extra.account_key
        and activity.organisation_fk = extra.organisation_fk
        and activity.transaction_type_fk = extra.transaction_type_fk
        and activity.channel_fk = extra.channel_fk
        and activity.month_date = extra.month_date
),

work as (
    select *
    from posted
    union all
    select
        {{ var('unassigned_pk') }} as account_key,
        customer_key,
        organisation_fk,
        transaction_type_fk,
        channel_fk,
        cost_pool_code,
        visit_count as posting_count,
        minutes_count,
        month_date
    from {{ ref('int_visit__sum_work') }}
)

select
    cast(work.account_key as bigint) as account_key,
    cast(work.customer_key as bigint) as customer_key,
    cast(work.organisation_fk as bigint) as organisation_fk,
    cast(organisation.organisation_id as {{ t_string() }}) as organisation_id,
    cast(work.transaction_type_fk as bigint) as transaction_type_fk,
    cast(work.channel_fk as bigint) as channel_fk,
    cast(work.cost_pool_code as {{ t_string() }}) as cost_pool_code,
    cast(work.posting_count as bigint) as posting_count,
    cast(work.minutes_count as decimal(18, 4)) as minutes_count,
    cast(work.month_date as date) as month_date
from work
left join {{ ref('dim_organisation') }} as organisation
    on work.organisation_fk = organisation.organisation_pk
