-- One row per account and month that the risk system spoke of, and per month after the last of them: what it
-- said last holds until it speaks again.
with latest as (
    {{ pick_latest_small(
        ref('stg_risk__account_measure'),
        key=['account_id', 'month_end_date'],
        columns=[
            'account_id', 'month_end_date', 'rating_code', 'pd_rate', 'lgd_rate', 'undrawn_amount',
            'provision_amount', 'used_provision_amount',
        ],
    ) }}
),

ranked as (
    select
        assigned.account_key,
        latest.rating_code,
        latest.pd_rate,
        latest.lgd_rate,
        latest.undrawn_amount,
        latest.provision_amount,
        latest.used_provision_amount,
        {{ month_first('latest.month_end_date') }} as month_date,
        -- A month whose last day was mended is one month.
        row_number() over (
            partition by assigned.account_key, {{ month_first('latest.month_end_date') }}
            order by latest.month_end_date desc, latest.account_id
        ) as latest_rank
    from latest
    inner join {{ ref('int_account__assign_key') }} as assigned
        on latest.account_id = assigned.account_id
    where latest.month_end_date <= {{ month_last(date_literal(business_month())) }}
),

measure as (
    select *
    from ranked
    where latest_rank = 1
),

newest as (
    select max(month_date) as month_date from measure
),

later as (
    select
        month.month_date,
        newest.month_date as newest_month_date
    from {{ month_list() }} as month
    inner join newest on month.month_date > newest.month_date
),

spoken as (
    select
        measure.*,
        measure.month_date as held_month_date,
        false as is_carried
    from measure
    union all
    select
        measure.*,
        later.month_date as held_month_date,
        true as is_carried
    from measure
    inner join later on measure.month_date = later.newest_month_date
)

select
    cast(account_key as bigint) as account_key,
    cast(rating_code as {{ t_string() }}) as rating_code,
    cast(pd_rate as decimal(12, 8)) as pd_rate,
    cast(lgd_rate as decimal(12, 8)) as lgd_rate,
    cast(undrawn_amount as decimal(18, 2)) as undrawn_amount,
    cast(provision_amount as decimal(18, 2)) as provision_amount,
    -- A write-off is of its month alone.
    cast(case when not is_carried then used_provision_amount end as decimal(18, 2)) as used_provision_amount,
    cast(is_carried as boolean) as is_carried,
    cast(held_month_date as date) as month_date
from spoken
