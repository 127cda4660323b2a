-- One row per campaign and customer selected for it.
with member as (
    {{ pick_latest_small(
        ref('stg_marketing__campaign_member'),
        key=['campaign_id', 'customer_id'],
        columns=[
            'campaign_id', 'customer_id', 'arm_code', 'selected_date', 'contacted_date',
            'is_responded', 'contact_cost_amount',
        ],
    ) }}
),

campaign as (
    {{ pick_latest_small(
        ref('stg_marketing__campaign'),
        key=['campaign_id'],
        columns=[
            'campaign_id', 'campaign_name', 'product_id', 'channel_code', 'start_date', 'end_date',
        ],
    ) }}
),

customer as (
    {{ carried_versions(ref('dim_customer'), 'customer', 'customer_key') }}
),

product as (
    {{ carried_versions(ref('dim_product'), 'product', 'product_id') }}
)

select
    cast(member.campaign_id as {{ t_string() }}) as campaign_id,
    cast(campaign.campaign_name as {{ t_string() }}) as campaign_name,
    cast(campaign.channel_code as {{ t_string() }}) as contact_way_code,
    cast(campaign.start_date as date) as campaign_start_date,
    cast(campaign.end_date as date) as campaign_end_date,
    cast(coalesce(product.product_pk, {{ var('unassigned_pk') }}) as bigint) as product_fk,
    cast(coalesce(customer.customer_pk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(coalesce(assigned.customer_key, {{ var('unassigned_pk') }}) as bigint) as customer_key,
    cast(member.arm_code as {{ t_string() }}) as arm_code,
    cast(member.selected_date as date) as selected_date,
    cast(member.contacted_date as date) as contacted_date,
    cast(member.is_responded as boolean) as is_responded,
    cast(coalesce(member.contact_cost_amount, 0) as decimal(18, 2)) as contact_cost_amount,
    cast(1 as int) as member_count
from member
left join campaign on member.campaign_id = campaign.campaign_id
left join {{ ref('int_customer__assign_key') }} as assigned
    on member.customer_id = assigned.customer_id
left join customer
    on assigned.customer_key = customer.customer_key
    and {{ as_at('customer', 'member.selected_date') }}
left join product
    on campaign.product_id = product.product_id and {{ as_at('product', 'member.selected_date') }}
