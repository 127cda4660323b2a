-- One row per account and month in which it was posted to. The one pass over the postings: whatever
-- later tables need of them by month is summed here.
{%- set first_month = rebuilt_from('fct_account_month') %}
select
    coalesce(account.account_key, {{ var('unassigned_pk') }}) as account_key,
    posting.month_date,
    {{ total_of('case when posting.signed_amount > 0 then posting.amount else 0 end') }}
        as inflow_amount,
    {{ total_of('case when posting.signed_amount < 0 then posting.amount else 0 end') }}
        as outflow_amount,
    {{ total_of(
        'case when posting.signed_amount < 0 and posting.counterparty_bank_name is not null'
        ~ ' then posting.amount else 0 end'
    ) }} as rival_outflow_amount,
    sum(posting.transaction_count) as transaction_count,
    sum(case when posting.is_customer_initiated then 1 else 0 end) as customer_transaction_count,
    max(case when posting.is_customer_initiated then posting.booked_date end)
        as last_customer_transaction_date,
    {{ total_of('posting.fee_amount') }} as fee_amount,
    {{ total_of('-cost.unit_cost_amount') }} as transaction_cost_amount
from {{ ref('fct_transaction') }} as posting
left join {{ ref('dim_account') }} as account on posting.account_fk = account.account_pk
left join {{ ref('fct_unit_cost_month') }} as cost
    on posting.month_date = cost.month_date
    and posting.transaction_type_fk = cost.transaction_type_fk
    and posting.channel_fk = cost.channel_fk
where
    posting.booked_date <= {{ business_date() }}
    and {{ in_rebuilt('posting.month_date', first_month) }}
group by coalesce(account.account_key, {{ var('unassigned_pk') }}), posting.month_date
