-- One row per account, unit, kind of posting, channel and month: whatever later tables need of the
-- postings by month, in yuan.
{%- set first_month = rebuilt_from('fct_account_month') %}
with posting as (
    select
        coalesce(account.account_key, {{ var('unassigned_pk') }}) as account_key,
        posting.organisation_fk,
        posting.transaction_type_fk,
        posting.channel_fk,
        posting.month_date,
        posting.booked_date,
        posting.signed_amount,
        {{ in_yuan('posting.amount', 'posting.currency_code', 'exchange.exchange_price') }} as amount,
        {{ in_yuan('posting.fee_amount', 'posting.currency_code', 'exchange.exchange_price') }}
            as fee_amount,
        posting.transaction_count,
        posting.is_customer_initiated,
        posting.counterparty_bank_name is not null as is_to_other_bank
    from {{ ref('fct_transaction') }} as posting
    left join {{ ref('dim_account') }} as account on posting.account_fk = account.account_pk
    left join {{ ref('int_currency__find_rate') }} as exchange
        on {{ foreign_currency('posting.currency_code') }} = exchange.currency_code
        and posting.month_date = exchange.month_date
    where
        posting.booked_date <= {{ business_date() }}
        and {{ in_rebuilt('posting.month_date', first_month) }}
)

select
    posting.account_key,
    posting.organisation_fk,
    posting.transaction_type_fk,
    posting.channel_fk,
    posting.month_date,
    {{ total_of('case when posting.signed_amount > 0 then posting.amount else 0 end') }}
        as inflow_amount,
    {{ total_of('case when posting.signed_amount < 0 then posting.amount else 0 end') }}
        as outflow_amount,
    {{ total_of(
        'case when posting.signed_amount < 0 and posting.is_to_other_bank then posting.amount else 0 end'
    ) }} as rival_outflow_amount,
    sum(posting.transaction_count) as transaction_count,
    sum(case when posting.is_customer_initiated then 1 else 0 end) as customer_transaction_count,
    max(case when posting.is_customer_initiated then posting.booked_date end)
        as last_customer_transaction_date,
    {{ total_of('posting.fee_amount') }} as fee_amount
from posting
group by
    posting.account_key, posting.organisation_fk, posting.transaction_type_fk, posting.channel_fk,
    posting.month_date
