-- One row per account and day at whose end the computed balance is none of the balances that the
-- source printed beside that day's postings.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('qc_balance_after_transaction_mismatch', unfinished='1 = 0') %}
with threshold as (
    select
        max(case when review_code = 'printed_balance_difference' then threshold_value end)
            as tolerance_amount,
        max(case when review_code = 'sampled_account_bucket' then cast(threshold_value as bigint) end)
            as bucket_count
    from {{ ref('review_threshold') }}
    where {{ as_at('review_threshold', business_date()) }}
),

-- Balances summed up from postings are all compared; of accounts on the balance feed, whose printed
-- balances are a second opinion only, one in so many.
compared as (
    select
        stretch.account_key,
        posting.booked_date,
        posting.month_date,
        stretch.source_code,
        stretch.balance_amount,
        stretch.balance_amount - posting.balance_after_amount as difference_amount
    from {{ ref('fct_transaction') }} as posting
    inner join {{ ref('dim_account') }} as account on posting.account_fk = account.account_pk
    cross join threshold
    inner join {{ ref('fct_account_balance_interval') }} as stretch
        on account.account_key = stretch.account_key
        and posting.month_date = stretch.month_date
        and posting.booked_date >= stretch.valid_from_date
        and posting.booked_date < stretch.valid_to_date
    where
        posting.balance_after_amount is not null
        and posting.booked_date <= {{ business_date() }}
        and (stretch.source_code = 'transactions' or mod(account.account_key, threshold.bucket_count) = 0)
        and {{ in_rebuilt('posting.month_date', first_month) }}
),

-- The order of a day's postings is not known everywhere, so any of its printed balances may be the
-- last one: the nearest is taken.
day as (
    select
        account_key,
        booked_date,
        month_date,
        max(source_code) as source_code,
        max(balance_amount) as computed_balance_amount,
        count(*) as posting_count,
        min(case when difference_amount >= 0 then difference_amount end) as least_above_amount,
        max(case when difference_amount < 0 then difference_amount end) as least_below_amount
    from compared
    group by account_key, booked_date, month_date
),

nearest as (
    select
        day.account_key,
        day.booked_date,
        day.month_date,
        day.source_code,
        day.computed_balance_amount,
        day.posting_count,
        case
            when day.least_below_amount is null then day.least_above_amount
            when day.least_above_amount is null then day.least_below_amount
            when day.least_above_amount <= -day.least_below_amount then day.least_above_amount
            else day.least_below_amount
        end as difference_amount,
        threshold.tolerance_amount
    from day
    cross join threshold
),

judged as (
    select
        nearest.*,
        lag(difference_amount) over (partition by account_key, month_date order by booked_date)
            as earlier_difference_amount,
        max(booked_date) over () as last_booked_date
    from nearest
)

select
    cast(account_key as bigint) as account_key,
    cast(booked_date as date) as booked_date,
    cast(source_code as {{ t_string() }}) as source_code,
    cast(posting_count as int) as posting_count,
    cast(computed_balance_amount as decimal(18, 2)) as computed_balance_amount,
    cast(computed_balance_amount - difference_amount as decimal(18, 2)) as printed_balance_amount,
    cast(difference_amount as decimal(18, 2)) as difference_amount,
    cast(
        case
            when abs(coalesce(earlier_difference_amount, 0)) > tolerance_amount
                and abs(difference_amount - earlier_difference_amount) <= tolerance_amount
                then 'carried_on'
            when booked_date = last_booked_date then 'last_day_delivered'
            else 'posting_missing'
        end as {{ t_string() }}
    ) as reason_code,
    cast(month_date as date) as month_date
from judged
where abs(difference_amount) > tolerance_amount
