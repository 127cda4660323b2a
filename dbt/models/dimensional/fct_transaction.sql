-- One row per posting.
{{ partitioned('day', 'booked_date') }}
with posting as (
    {{ pick_latest_moving(
        ref('stg_corebank__transaction'),
        event_date='booked_date',
        key='transaction_id',
        columns=[
            'transaction_id', 'account_id', 'booked_date', 'booked_time', 'direction_code',
            'amount', 'balance_after_amount', 'currency_code', 'transaction_type_code',
            'channel_code', 'initiator_code', 'fee_amount', 'counterparty_bank_name',
        ],
        days=in_touched_days('booked_date') if is_incremental() else none,
        files=in_files_of_touched_days(),
    ) }}
),

-- The account number is known to staging only; from here on an account is its pseudonym.
account_version as (
    select
        assigned.account_id,
        bridge.account_fk,
        bridge.customer_fk,
        bridge.product_fk,
        bridge.organisation_fk,
        bridge.valid_from_date,
        bridge.valid_to_date
    from {{ ref('bridge_account_version') }} as bridge
    inner join {{ ref('int_account__assign_key') }} as assigned
        on bridge.account_key = assigned.account_key
)

select
    cast(posting.transaction_id as {{ t_string() }}) as transaction_id,
    cast(coalesce(account.account_fk, {{ var('unassigned_pk') }}) as bigint) as account_fk,
    cast(coalesce(account.customer_fk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(coalesce(account.product_fk, {{ var('unassigned_pk') }}) as bigint) as product_fk,
    cast(coalesce(account.organisation_fk, {{ var('unassigned_pk') }}) as bigint) as organisation_fk,
    cast(coalesce(channel.channel_pk, {{ var('unassigned_pk') }}) as bigint) as channel_fk,
    cast(coalesce(transaction_type.transaction_type_pk, {{ var('unassigned_pk') }}) as bigint)
        as transaction_type_fk,
    cast(posting.currency_code as {{ t_string() }}) as currency_code,
    cast(posting.initiator_code = 'customer' as boolean) as is_customer_initiated,
    cast(substr(posting.booked_time, 1, 2) as int) as transaction_hour,
    cast(posting.amount as decimal(18, 2)) as amount,
    cast(
        case when posting.direction_code = 'credit' then posting.amount else -posting.amount end
        as decimal(18, 2)
    ) as signed_amount,
    -- A posting that is itself a fee earns its amount; a fee given back earns less than nothing.
    cast(
        case
            when posting.fee_amount is not null then posting.fee_amount
            when posting.transaction_type_code <> 'fee' then 0
            when posting.direction_code = 'debit' then posting.amount
            else -posting.amount
        end as decimal(18, 2)
    ) as fee_amount,
    cast(posting.balance_after_amount as decimal(18, 2)) as balance_after_amount,
    cast(posting.counterparty_bank_name as {{ t_string() }}) as counterparty_bank_name,
    cast(1 as int) as transaction_count,
    cast({{ month_first('posting.booked_date') }} as date) as month_date,
    cast(posting.booked_date as date) as booked_date
from posting
left join account_version as account
    on posting.account_id = account.account_id and {{ as_at('account', 'posting.booked_date') }}
left join {{ ref('dim_channel') }} as channel on posting.channel_code = channel.channel_code
left join {{ ref('dim_transaction_type') }} as transaction_type
    on posting.transaction_type_code = transaction_type.transaction_type_code
