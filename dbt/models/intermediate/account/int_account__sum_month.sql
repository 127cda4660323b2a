-- One row per account and month in which it held a balance, was posted to, bore booked interest or was
-- measured by the risk system (a line of credit that nobody draws is somebody's all the same): balances in
-- its own currency, all else in yuan.
{%- set first_month = rebuilt_from('fct_account_month') %}
with begun as (
    -- A balance on the eve of the first month opens that month; it does not make one of its own.
    select {{ month_first(add_days('min(valid_from_date)', 1)) }} as month_date
    from {{ ref('fct_account_balance_interval') }}
    union all
    select min(month_date) as month_date from {{ ref('fct_transaction') }}
),

history as (
    select min(month_date) as first_month_date from begun
),

balance as (
    select
        account_key,
        month_date,
        {{ total_of('balance_amount * days_count') }} as original_balance_days_amount,
        {{ total_of(
            'case when valid_to_date = ' ~ add_days(month_reached('month_date'), 1)
            ~ ' then balance_amount else 0 end'
        ) }} as original_closing_balance_amount
    from {{ ref('fct_account_balance_interval') }}
    where {{ in_rebuilt('month_date', first_month) }}
    group by account_key, month_date
),

posting as (
    select
        account_key,
        month_date,
        {{ total_of('inflow_amount') }} as inflow_amount,
        {{ total_of('outflow_amount') }} as outflow_amount,
        {{ total_of('rival_outflow_amount') }} as rival_outflow_amount,
        sum(transaction_count) as transaction_count,
        sum(customer_transaction_count) as customer_transaction_count,
        max(last_customer_transaction_date) as last_customer_transaction_date,
        {{ total_of('fee_amount') }} as fee_amount
    from {{ ref('int_account__sum_activity') }}
    group by account_key, month_date
),

cost as (
    select
        account_key,
        month_date,
        {{ total_of('cost_amount') }} as transaction_cost_amount,
        {{ total_of('direct_cost_amount') }} as direct_cost_amount
    from {{ ref('fct_activity_cost_month') }}
    -- Visits are work on a customer, not on an account.
    where customer_key = {{ var('unassigned_pk') }} and {{ in_rebuilt('month_date', first_month) }}
    group by account_key, month_date
),

booked as (
    select
        account_key,
        month_date,
        {{ total_of('interest_income_amount') }} as interest_income_amount,
        {{ total_of('interest_expense_amount') }} as interest_expense_amount
    from {{ ref('int_account__book_interest') }}
    where {{ in_rebuilt('month_date', first_month) }}
    group by account_key, month_date
),

-- Where the bank delivers what its ledger booked, an account that is not on it bore nothing.
booked_month as (
    select distinct month_date from booked
),

-- What no list knows has nobody to count at.
measured as (
    select
        measure.account_key,
        measure.month_date
    from {{ ref('int_loan__read_measure') }} as measure
    inner join {{ ref('bridge_account_version') }} as version
        on measure.account_key = version.account_key
        and {{ as_at('version', month_reached('measure.month_date')) }}
    where {{ in_rebuilt('measure.month_date', first_month) }}
),

gathered as (
    select
        coalesce(balance.account_key, posting.account_key, booked.account_key, measured.account_key) as account_key,
        coalesce(balance.month_date, posting.month_date, booked.month_date, measured.month_date) as month_date,
        {%- for table, names in [
            ('balance', ['original_balance_days', 'original_closing_balance']),
            ('posting', ['inflow', 'outflow', 'rival_outflow', 'fee']),
            ('booked', ['interest_income', 'interest_expense']),
        ] %}
        {%- for name in names %}
        coalesce({{ table }}.{{ name }}_amount, 0) as {{ name }}_amount,
        {%- endfor %}
        {%- endfor %}
        coalesce(posting.transaction_count, 0) as transaction_count,
        coalesce(posting.customer_transaction_count, 0) as customer_transaction_count,
        posting.last_customer_transaction_date
    from balance
    full outer join posting
        on balance.account_key = posting.account_key and balance.month_date = posting.month_date
    full outer join booked
        on coalesce(balance.account_key, posting.account_key) = booked.account_key
        and coalesce(balance.month_date, posting.month_date) = booked.month_date
    full outer join measured
        on coalesce(balance.account_key, posting.account_key, booked.account_key) = measured.account_key
        and coalesce(balance.month_date, posting.month_date, booked.month_date) = measured.month_date
)

select
    cast(gathered.account_key as bigint) as account_key,
    {%- for name in [
        'original_balance_days', 'original_closing_balance', 'inflow', 'outflow', 'rival_outflow', 'fee',
        'interest_income', 'interest_expense',
    ] %}
    cast(gathered.{{ name }}_amount as decimal(18, 2)) as {{ name }}_amount,
    {%- endfor %}
    cast(coalesce(cost.transaction_cost_amount, 0) as decimal(18, 2)) as transaction_cost_amount,
    cast(coalesce(cost.direct_cost_amount, 0) as decimal(18, 2)) as direct_cost_amount,
    cast(gathered.transaction_count as bigint) as transaction_count,
    cast(gathered.customer_transaction_count as bigint) as customer_transaction_count,
    cast(gathered.last_customer_transaction_date as date) as last_customer_transaction_date,
    cast(booked_month.month_date is not null as boolean) as is_interest_booked,
    cast(gathered.month_date as date) as month_date
from gathered
inner join history on gathered.month_date >= history.first_month_date
left join booked_month on gathered.month_date = booked_month.month_date
left join cost on gathered.account_key = cost.account_key and gathered.month_date = cost.month_date
