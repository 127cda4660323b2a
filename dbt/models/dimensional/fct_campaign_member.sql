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
),

-- What the account that he opened has brought since, for as many months as the rule says.
earning as (
    select
        conversion.campaign_id,
        conversion.customer_key,
        {{ total_of('account.contribution_amount') }} as earned_amount
    from {{ ref('int_campaign__find_conversion') }} as conversion
    inner join {{ ref('campaign_rule') }} as rule on {{ as_at('rule', 'conversion.opened_date') }}
    inner join {{ ref('fct_account_month') }} as account
        on conversion.account_key = account.account_key
        and account.month_date < {{ add_months_to(month_first('conversion.opened_date'), 'rule.profit_month_count') }}
    group by conversion.campaign_id, conversion.customer_key
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
    cast(conversion.window_end_date as date) as window_end_date,
    cast(conversion.opened_date as date) as converted_date,
    cast(conversion.account_key as bigint) as converted_account_key,
    cast(coalesce(earning.earned_amount, 0) as decimal(18, 2)) as earned_amount,
    cast(1 as int) as member_count
from member
left join campaign on member.campaign_id = campaign.campaign_id
left join {{ ref('int_customer__assign_key') }} as assigned
    on member.customer_id = assigned.customer_id
left join customer
    on assigned.customer_key = customer.customer_key
    and {{ as_at('customer', 'member.selected_date') }}
left join {{ ref('int_campaign__find_conversion') }} as conversion
    on member.campaign_id = conversion.campaign_id and assigned.customer_key = conversion.customer_key
left join earning
    on member.campaign_id = earning.campaign_id and assigned.customer_key = earning.customer_key
left join product
    on campaign.product_id = product.product_id and {{ as_at('product', 'member.selected_date') }}
