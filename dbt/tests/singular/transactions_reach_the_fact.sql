{{ config(meta={
    'owner': 'data team',
    'message': 'A day has other postings in the fact than were delivered. 某日交易笔数或金额与交付不一致。',
}) }}
-- One row per booking day whose postings in the fact are not those the lake holds: as many, and the
-- same signed sum. A posting that came more than once counts on the day of its newest row.
{%- set in_days = touched('booked_date', 'day', always=True) %}
with delivered as (
    select
        transaction_id,
        booked_date,
        case when direction_code = 'credit' then amount else -amount end as signed_amount
    from {{ ref('stg_corebank__transaction') }}
    where {{ in_days }}
),

doubled as (
    select transaction_id
    from {{ ref('stg_corebank__transaction') }}
    where {{ '1 = 1' if in_days == '1 = 1' else 'transaction_id in (select transaction_id from delivered)' }}
    group by transaction_id
    having count(*) > 1
),

again as (
    select
        transaction_id,
        booked_date,
        case when direction_code = 'credit' then amount else -amount end as signed_amount,
        row_number() over (
            partition by transaction_id
            order by
                business_date desc, batch_precedence desc nulls last, batch_id desc,
                source_sheet desc nulls last, source_row desc
        ) as newest_rank
    from {{ ref('stg_corebank__transaction') }}
    where transaction_id in (select doubled.transaction_id from doubled)
),

-- All that came, less every row but the newest of what came again.
counted as (
    select
        booked_date,
        1 as row_count,
        signed_amount
    from delivered
    union all
    select
        booked_date,
        -1 as row_count,
        -signed_amount as signed_amount
    from again
    where newest_rank > 1 and {{ in_days }}
),

expected as (
    select
        booked_date,
        sum(row_count) as row_count,
        sum(signed_amount) as signed_amount
    from counted
    group by booked_date
    having sum(row_count) > 0
),

fact as (
    select
        booked_date,
        count(*) as row_count,
        sum(signed_amount) as signed_amount
    from {{ ref('fct_transaction') }}
    where {{ in_days }}
    group by booked_date
)

select
    coalesce(expected.booked_date, fact.booked_date) as booked_date,
    expected.row_count as delivered_count,
    fact.row_count as fact_count,
    expected.signed_amount as delivered_amount,
    fact.signed_amount as fact_amount
from expected
full outer join fact on expected.booked_date = fact.booked_date
where
    expected.row_count is null
    or fact.row_count is null
    or expected.row_count <> fact.row_count
    or expected.signed_amount <> fact.signed_amount
