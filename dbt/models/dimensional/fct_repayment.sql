-- One row per account that lends, day on which instalments were due and day on which they were paid, in yuan.
with paid as (
    {{ pick_latest(
        ref('stg_corebank__repayment'),
        event_date='paid_date',
        key=['loan_id', 'instalment_number'],
        columns=[
            'loan_id', 'due_date', 'paid_date', 'due_amount', 'paid_principal_amount', 'paid_interest_amount',
            'penalty_amount',
        ],
    ) }}
),

-- Each record holds until the next one does: the last instalment is often paid on the day the contract is ended.
contract as (
    select
        loan_id,
        account_key,
        valid_from_date,
        {{ carried_to('loan_id') }} as valid_to_date
    from {{ ref('int_loan__track_version') }}
),

-- A contract is known by its number to here only; from here on by the pseudonym of its account.
placed as (
    select
        paid.*,
        contract.account_key,
        version.account_fk,
        version.customer_fk,
        version.customer_key,
        account.currency_code
    from paid
    left join contract on paid.loan_id = contract.loan_id and {{ as_at('contract', 'paid.paid_date') }}
    left join {{ ref('bridge_account_version') }} as version
        on contract.account_key = version.account_key and {{ as_at('version', 'paid.paid_date') }}
    left join {{ ref('dim_account') }} as account on version.account_fk = account.account_pk
),

repaid as (
    select
        coalesce(account_key, {{ var('unassigned_pk') }}) as account_key,
        due_date,
        paid_date,
        max(account_fk) as account_fk,
        max(customer_fk) as customer_fk,
        max(customer_key) as customer_key,
        max(currency_code) as currency_code,
        {{ total_of('due_amount') }} as due_amount,
        {{ total_of('paid_principal_amount') }} as paid_principal_amount,
        {{ total_of('paid_interest_amount') }} as paid_interest_amount,
        {{ total_of('coalesce(penalty_amount, 0)') }} as penalty_amount,
        count(*) as payment_count
    from placed
    group by account_key, due_date, paid_date
)

select
    cast(coalesce(repaid.account_fk, {{ var('unassigned_pk') }}) as bigint) as account_fk,
    cast(repaid.account_key as bigint) as account_key,
    cast(coalesce(repaid.customer_fk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(coalesce(repaid.customer_key, {{ var('unassigned_pk') }}) as bigint) as customer_key,
    cast(repaid.due_date as date) as due_date,
    cast(repaid.paid_date as date) as paid_date,
    cast(greatest({{ days_between('repaid.due_date', 'repaid.paid_date') }}, 0) as int) as late_days,
    {%- for name in ['due', 'paid_principal', 'paid_interest', 'penalty'] %}
    cast(
        {{ in_yuan('repaid.' ~ name ~ '_amount', 'repaid.currency_code', 'exchange.exchange_price') }}
        as decimal(18, 2)
    ) as {{ name }}_amount,
    {%- endfor %}
    cast(repaid.payment_count as int) as payment_count,
    cast({{ month_first('repaid.paid_date') }} as date) as month_date
from repaid
left join {{ ref('fct_exchange_rate') }} as exchange
    on {{ foreign_currency('repaid.currency_code') }} = exchange.currency_code
    and {{ as_at('exchange', 'repaid.paid_date') }}
