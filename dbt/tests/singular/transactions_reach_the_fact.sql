{{ config(meta={
    'owner': 'data team',
    'message': 'A day has other postings in the fact than were delivered. 某日交易笔数或金额与交付不一致。',
}) }}
-- One row per booking day whose postings in the fact are not those the lake holds: as many, and the
-- same signed sum. Days that came more than once are counted by posting number, newest delivery.
with delivered as (
    select
        booked_date,
        count(*) as row_count,
        sum(case when direction_code = 'credit' then amount else -amount end) as signed_amount,
        min(batch_id) <> max(batch_id) as is_delivered_again
    from {{ ref('stg_corebank__transaction') }}
    where {{ touched('booked_date', 'day', always=True) }}
    group by booked_date
),

again as (
    select
        booked_date,
        count(*) as row_count,
        sum(signed_amount) as signed_amount
    from (
        select
            posting.booked_date,
            case
                when posting.direction_code = 'credit' then posting.amount else -posting.amount
            end as signed_amount,
            row_number() over (
                partition by posting.booked_date, posting.transaction_id
                order by
                    posting.business_date desc, posting.batch_precedence desc nulls last,
                    posting.batch_id desc,
                    posting.source_sheet desc nulls last, posting.source_row desc
            ) as newest_rank
        from {{ ref('stg_corebank__transaction') }} as posting
        inner join delivered
            on posting.booked_date = delivered.booked_date and delivered.is_delivered_again
        where {{ touched('posting.booked_date', 'day', always=True) }}
    ) as ranked
    where newest_rank = 1
    group by booked_date
),

expected as (
    select
        delivered.booked_date,
        coalesce(again.row_count, delivered.row_count) as row_count,
        coalesce(again.signed_amount, delivered.signed_amount) as signed_amount
    from delivered
    left join again on delivered.booked_date = again.booked_date
),

fact as (
    select
        booked_date,
        count(*) as row_count,
        sum(signed_amount) as signed_amount
    from {{ ref('fct_transaction') }}
    where {{ touched('booked_date', 'day', always=True) }}
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
