-- One row per feed, account, customer, complaint and business date whose change flag does not fit what
-- was known before.
{%- set feeds = {
    'corebank__account': {'key': ['account_id'], 'account': 'account_id'},
    'corebank__account_holder': {
        'key': ['account_id', 'customer_id'], 'account': 'account_id', 'customer': 'customer_id',
    },
    'corebank__customer': {'key': ['customer_id'], 'customer': 'customer_id'},
    'corebank__loan': {'key': ['loan_id'], 'account': 'account_id'},
    'service__complaint': {'key': ['complaint_id'], 'complaint': 'complaint_id'},
} %}
with
{%- for feed, is_of in feeds.items() %}
{{ feed }}_of_day as (
    select
        {{ is_of.get('account', 'cast(null as ' ~ t_string() ~ ')') }} as account_id,
        {{ is_of.get('customer', 'cast(null as ' ~ t_string() ~ ')') }} as customer_id,
        {{ is_of.get('complaint', 'cast(null as ' ~ t_string() ~ ')') }} as complaint_id,
        change_code,
        lag(coalesce(change_code, 'update')) over (
            partition by {{ is_of.key | join(', ') }} order by business_date
        ) as earlier_code,
        business_date
    from {{ last_of_day(
        ref('stg_' ~ feed),
        key=is_of.key,
        columns=(['account_id'] if feed == 'corebank__loan' else []) + ['change_code'],
    ) }} as delivered
),
{% endfor %}
contradicted as (
    {%- for feed in feeds %}
    select
        '{{ feed }}' as feed_code,
        account_id,
        customer_id,
        complaint_id,
        change_code,
        business_date
    from {{ feed }}_of_day
    where
        (change_code = 'insert' and coalesce(earlier_code, 'delete') <> 'delete')
        or (change_code = 'delete' and coalesce(earlier_code, 'delete') = 'delete')
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    cast(contradicted.feed_code as {{ t_string() }}) as feed_code,
    cast(coalesce(account.account_key, {{ var('unassigned_pk') }}) as bigint) as account_key,
    cast(coalesce(customer.customer_key, {{ var('unassigned_pk') }}) as bigint) as customer_key,
    cast(coalesce(contradicted.complaint_id, '') as {{ t_string() }}) as complaint_id,
    cast(min(contradicted.change_code) as {{ t_string() }}) as change_code,
    cast(count(*) as bigint) as record_count,
    cast(contradicted.business_date as date) as business_date
from contradicted
left join {{ ref('int_account__assign_key') }} as account
    on contradicted.account_id = account.account_id
left join {{ ref('int_customer__assign_key') }} as customer
    on contradicted.customer_id = customer.customer_id
group by
    contradicted.feed_code, account.account_key, customer.customer_key, contradicted.complaint_id,
    contradicted.business_date
