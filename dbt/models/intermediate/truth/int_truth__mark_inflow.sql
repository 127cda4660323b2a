-- One row per posting that pays in the customer's own money or gives some back, told by its other side
-- and its words.
{%- set first_month = rebuilt_from('fct_business_inflow_month') %}
with posting as (
    {{ pick_latest_moving(
        ref('stg_corebank__transaction'),
        event_date='booked_date',
        key='transaction_id',
        columns=[
            'transaction_id', 'account_id', 'booked_date', 'direction_code', 'counterparty_name',
            'counterparty_account', 'summary_text',
        ],
        days="booked_date >= " ~ date_literal(first_month) if first_month else none,
        files="business_date >= " ~ add_days(date_literal(first_month), -31) if first_month else '1 = 1',
    ) }}
),

account_owner as (
    select distinct
        assigned.account_id,
        version.customer_key
    from {{ ref('int_account__track_version') }} as version
    inner join {{ ref('int_account__assign_key') }} as assigned on version.account_key = assigned.account_key
),

-- The names that he has been delivered with, each from its first day on; the first one always.
delivered_name as (
    select
        assigned.customer_key,
        record.customer_name,
        min(record.business_date) as first_date
    from {{ ref('stg_corebank__customer') }} as record
    inner join {{ ref('int_customer__assign_key') }} as assigned on record.customer_id = assigned.customer_id
    where record.business_date <= {{ business_date() }}
    group by assigned.customer_key, record.customer_name
),

own_name as (
    select
        customer_key,
        customer_name,
        case
            when first_date > min(first_date) over (partition by customer_key) then first_date
            else {{ first_valid_date() }}
        end as known_date
    from delivered_name
),

owned as (
    select distinct
        posting.transaction_id,
        posting.booked_date
    from posting
    inner join account_owner as paid_in on posting.account_id = paid_in.account_id
    left join account_owner as paid_from
        on posting.counterparty_account = paid_from.account_id
        and paid_in.customer_key = paid_from.customer_key
    left join own_name
        on paid_in.customer_key = own_name.customer_key
        and posting.counterparty_name = own_name.customer_name
        and {{ month_last('posting.booked_date') }} >= own_name.known_date
    where
        posting.direction_code = 'credit'
        and (paid_from.account_id is not null or own_name.customer_name is not null)
),

given_back as (
    select distinct
        posting.transaction_id,
        posting.booked_date
    from posting
    inner join {{ ref('refund_word') }} as word
        on instr(posting.summary_text, word.word_text) > 0
        and {{ as_at('word', 'posting.booked_date') }}
    where posting.direction_code = 'credit'
)

select
    coalesce(owned.transaction_id, given_back.transaction_id) as transaction_id,
    coalesce(owned.booked_date, given_back.booked_date) as booked_date,
    case when owned.transaction_id is not null then 'own_money' else 'refund' end as treatment_code
from owned
full outer join given_back
    on owned.transaction_id = given_back.transaction_id and owned.booked_date = given_back.booked_date
