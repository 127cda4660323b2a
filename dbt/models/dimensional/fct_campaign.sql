-- One row per campaign: what was planned, whom it is for, and what it costs beside the contacts.
with latest as (
    {{ pick_latest_small(
        ref('stg_marketing__campaign'),
        key=['campaign_id'],
        columns=[
            'campaign_id', 'campaign_name', 'product_id', 'segment_text', 'segment_code', 'targeting_code',
            'channel_code', 'start_date', 'end_date', 'planned_date', 'budget_amount', 'fixed_cost_amount',
            'expected_profit_amount',
        ],
        where='business_date <= ' ~ business_date(),
    ) }}
),

-- What was expected at first: a later list cannot change it.
promised as (
    select
        campaign_id,
        expected_profit_amount,
        row_number() over (
            partition by campaign_id
            order by business_date, batch_precedence nulls first, batch_id, source_sheet nulls first, source_row
        ) as delivery_rank
    from {{ ref('stg_marketing__campaign') }}
    where expected_profit_amount is not null and business_date <= {{ business_date() }}
),

product as (
    {{ carried_versions(ref('dim_product'), 'product', 'product_id') }}
)

select
    cast(latest.campaign_id as {{ t_string() }}) as campaign_id,
    cast(latest.campaign_name as {{ t_string() }}) as campaign_name,
    cast(coalesce(product.product_pk, {{ var('unassigned_pk') }}) as bigint) as product_fk,
    cast(coalesce(latest.targeting_code, 'targeted') as {{ t_string() }}) as targeting_code,
    cast(latest.segment_code as {{ t_string() }}) as segment_code,
    cast(latest.segment_text as {{ t_string() }}) as segment_text,
    cast(latest.channel_code as {{ t_string() }}) as contact_way_code,
    cast(latest.planned_date as date) as planned_date,
    cast(latest.start_date as date) as start_date,
    cast(latest.end_date as date) as end_date,
    cast(coalesce(latest.planned_date <= latest.start_date, false) as boolean) as is_planned_before,
    cast(latest.budget_amount as decimal(18, 2)) as budget_amount,
    cast(coalesce(latest.fixed_cost_amount, 0) as decimal(18, 2)) as fixed_cost_amount,
    cast(promised.expected_profit_amount as decimal(18, 2)) as expected_profit_amount,
    cast(
        coalesce(latest.expected_profit_amount <> promised.expected_profit_amount, false) as boolean
    ) as is_expectation_changed,
    cast(1 as int) as campaign_count
from latest
left join promised on latest.campaign_id = promised.campaign_id and promised.delivery_rank = 1
left join product
    on latest.product_id = product.product_id and {{ as_at('product', 'latest.start_date') }}
