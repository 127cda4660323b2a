-- One row per campaign and customer selected for it: the end of his window, and the first account of the
-- promoted product that he opened in it.
with member as (
    {{ pick_latest_small(
        ref('stg_marketing__campaign_member'),
        key=['campaign_id', 'customer_id'],
        columns=['campaign_id', 'customer_id', 'selected_date'],
        where='business_date <= ' ~ business_date(),
    ) }}
),

campaign as (
    {{ pick_latest_small(
        ref('stg_marketing__campaign'),
        key=['campaign_id'],
        columns=['campaign_id', 'product_id'],
        where='business_date <= ' ~ business_date(),
    ) }}
),

product as (
    {{ carried_versions(ref('dim_product'), 'product', 'product_id', ['path_text']) }}
),

-- The window begins with the selection for both arms, so that they have the same days.
selected as (
    select
        member.campaign_id,
        assigned.customer_key,
        member.selected_date,
        {{ add_days('member.selected_date', 'rule.conversion_days') }} as window_end_date,
        product.path_text
    from member
    inner join {{ ref('int_customer__assign_key') }} as assigned on member.customer_id = assigned.customer_id
    inner join {{ ref('campaign_rule') }} as rule on {{ as_at('rule', 'member.selected_date') }}
    left join campaign on member.campaign_id = campaign.campaign_id
    left join product
        on campaign.product_id = product.product_id and {{ as_at('product', 'member.selected_date') }}
),

-- The product promoted itself, or one of the group promoted.
opened as (
    select
        account.customer_key,
        account.account_key,
        account.opened_date,
        product.path_text,
        row_number() over (
            partition by account.account_key
            order by account.valid_from_date
        ) as version_rank
    from {{ ref('dim_account') }} as account
    inner join {{ ref('dim_product') }} as product on account.product_fk = product.product_pk
    where account.opened_date <= {{ business_date() }}
),

-- An outer join on a text of both sides would compare each selection with every account.
bought as (
    select
        selected.campaign_id,
        selected.customer_key,
        opened.account_key,
        opened.opened_date,
        row_number() over (
            partition by selected.campaign_id, selected.customer_key
            order by opened.opened_date, opened.account_key
        ) as opening_rank
    from selected
    inner join opened
        on selected.customer_key = opened.customer_key
        and selected.selected_date <= opened.opened_date
        and selected.window_end_date > opened.opened_date
        and opened.version_rank = 1
        and instr(opened.path_text || '/', selected.path_text || '/') = 1
)

select
    selected.campaign_id,
    selected.customer_key,
    selected.window_end_date,
    bought.account_key,
    bought.opened_date
from selected
left join bought
    on selected.campaign_id = bought.campaign_id
    and selected.customer_key = bought.customer_key
    and bought.opening_rank = 1
