-- One row per customer, day and kind of event that came out of his postings or contracts.
-- Flows are those of a day altogether, own currency, what the bank's own system moves between his accounts left out.
{%- set first_month = rebuilt_from('fct_customer_event') %}
with posting as (
    select
        customer.customer_key,
        customer.party_type_code,
        posting.booked_date,
        posting.signed_amount,
        posting.is_customer_initiated,
        posting.counterparty_bank_name,
        kind.transaction_type_code
    from {{ ref('fct_transaction') }} as posting
    inner join {{ ref('dim_customer') }} as customer on posting.customer_fk = customer.customer_pk
    inner join {{ ref('dim_transaction_type') }} as kind
        on posting.transaction_type_fk = kind.transaction_type_pk
    where
        {{ is_own_currency('posting.currency_code') }}
        and customer.customer_pk <> {{ var('unassigned_pk') }}
        and posting.booked_date <= {{ business_date() }}
        {%- if first_month %}
        and posting.month_date >= {{ date_literal(first_month) }}
        {%- endif %}
),

flow as (
    select
        customer_key,
        party_type_code,
        booked_date,
        sum(case when is_customer_initiated or signed_amount > 0 then signed_amount else 0 end) as net_amount,
        sum(
            case
                when transaction_type_code = 'transfer_out' and is_customer_initiated
                    and counterparty_bank_name is not null then -signed_amount
                else 0
            end
        ) as rival_amount
    from posting
    where transaction_type_code not in ('term_transfer', 'interest_credit', 'loan_disbursement', 'loan_repayment')
    group by customer_key, party_type_code, booked_date
),

moved as (
    select
        flow.customer_key,
        rule.event_code,
        flow.booked_date as event_date,
        case when rule.event_code = 'rival_outflow' then flow.rival_amount else abs(flow.net_amount) end as amount
    from flow
    inner join {{ ref('event_rule') }} as rule
        on flow.party_type_code = rule.party_type_code
        and {{ as_at('rule', 'flow.booked_date') }}
        and case rule.event_code
            when 'large_inflow' then flow.net_amount
            when 'large_outflow' then -flow.net_amount
            when 'rival_outflow' then flow.rival_amount
        end >= rule.minimum_amount
),

-- A contract matures as it stood on the day on which it becomes an event: rolled over later, it was still due.
maturing as (
    select
        account.customer_key,
        rule.event_code,
        {{ add_days('account.maturity_date', '-rule.lead_days') }} as event_date,
        sum(balance.balance_amount) as amount
    from {{ ref('dim_account') }} as account
    inner join {{ ref('dim_product') }} as product on account.product_fk = product.product_pk
    inner join {{ ref('dim_customer') }} as customer
        on account.customer_key = customer.customer_key and customer.is_current
    inner join {{ ref('event_rule') }} as rule
        on customer.party_type_code = rule.party_type_code
        and product.pillar_code = case rule.event_code
            when 'deposit_maturity' then 'liability' when 'loan_maturity' then 'asset'
        end
        and {{ as_at('rule', 'account.maturity_date') }}
    inner join {{ ref('fct_account_balance_interval') }} as balance
        on account.account_key = balance.account_key
        and {{ as_at('balance', add_days('account.maturity_date', '-rule.lead_days')) }}
    where
        {{ as_at('account', add_days('account.maturity_date', '-rule.lead_days')) }}
        and {{ is_own_currency('account.currency_code') }}
    group by
        account.customer_key, rule.event_code, rule.minimum_amount,
        {{ add_days('account.maturity_date', '-rule.lead_days') }}
    having sum(balance.balance_amount) >= rule.minimum_amount
)

select
    customer_key,
    event_code,
    event_date,
    cast(amount as decimal(18, 2)) as amount
from moved
union all
select
    customer_key,
    event_code,
    event_date,
    cast(amount as decimal(18, 2)) as amount
from maturing
