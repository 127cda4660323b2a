-- One row per customer and month with postings that he caused: through which channels.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('ftr_customer_channel_month') %}
select
    cast(customer.customer_key as bigint) as customer_key,
    cast({{ month_days('posting.month_date') }} as int) as days_count,
    cast(sum(posting.transaction_count) as bigint) as transaction_count,
    cast(sum(case when channel.channel_group_code = 'branch' then 1 else 0 end) as bigint)
        as branch_transaction_count,
    cast(sum(case when channel.channel_group_code = 'remote' then 1 else 0 end) as bigint)
        as remote_transaction_count,
    cast(posting.month_date as date) as month_date
from {{ ref('fct_transaction') }} as posting
inner join {{ ref('dim_customer') }} as customer on posting.customer_fk = customer.customer_pk
inner join {{ ref('dim_channel') }} as channel on posting.channel_fk = channel.channel_pk
where
    posting.is_customer_initiated
    and posting.booked_date <= {{ business_date() }}
    and {{ in_rebuilt('posting.month_date', first_month) }}
group by customer.customer_key, posting.month_date
