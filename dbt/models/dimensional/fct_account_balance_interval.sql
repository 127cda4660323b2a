-- One row per account and stretch of days with one end-of-day balance, cut at month ends.
{{ partitioned_from_month('month_date') }}
{%- set first_month = balances_rebuilt_from() %}
with
-- The balances that the rebuilt months open with.
carried_in as (
    {%- if first_month %}
    select
        account_key,
        month_date,
        balance_amount,
        source_code
    from {{ this }}
    where
        month_date = {{ date_literal(month_before(first_month, 1)) }}
        and valid_to_date = {{ date_literal(first_month) }}
    {%- else %}
    select
        cast(null as bigint) as account_key,
        cast(null as date) as month_date,
        cast(null as decimal(18, 2)) as balance_amount,
        cast(null as {{ t_string() }}) as source_code
    where 1 = 0
    {%- endif %}
),

-- End-of-day balances that moved, delivered or summed up from postings.
{{ balance_change_ctes(first_month) }},

ordered as (
    select
        account_key,
        month_date,
        balance_date,
        balance_amount,
        source_code,
        lag(balance_date) over (partition by account_key, month_date order by balance_date)
            as earlier_date,
        lead(balance_date) over (partition by account_key, month_date order by balance_date)
            as later_date
    from change
),

-- What each account closed a month with in which its balance moved, and the next such month.
closing as (
    select
        account_key,
        month_date,
        balance_amount,
        source_code,
        lead(month_date) over (partition by account_key order by month_date) as next_month_date
    from (
        select
            account_key,
            month_date,
            balance_amount,
            source_code
        from ordered
        where later_date is null
        union all
        select
            account_key,
            month_date,
            balance_amount,
            source_code
        from carried_in
    ) as closed
),

month_pair as (
    {{ month_pairs(first_month) }}
),

-- Every month after it opens with that balance, up to and with the month it moves in again.
opening as (
    select
        closing.account_key,
        pair.month_date,
        closing.balance_amount,
        closing.source_code
    from closing
    inner join month_pair as pair
        on closing.month_date = pair.earlier_month_date
        and pair.month_date <= coalesce(closing.next_month_date, {{ open_valid_date() }})
),

stretch as (
    select
        account_key,
        month_date,
        balance_date as valid_from_date,
        coalesce(later_date, {{ add_days(month_reached('month_date'), 1) }}) as valid_to_date,
        balance_amount,
        source_code,
        0 as is_carried
    from ordered
    union all
    select
        opening.account_key,
        opening.month_date,
        opening.month_date as valid_from_date,
        coalesce(first_change.balance_date, {{ add_days(month_reached('opening.month_date'), 1) }})
            as valid_to_date,
        opening.balance_amount,
        opening.source_code,
        1 as is_carried
    from opening
    left join ordered as first_change
        on opening.account_key = first_change.account_key
        and opening.month_date = first_change.month_date
        and first_change.earlier_date is null
    where coalesce(first_change.balance_date, {{ open_valid_date() }}) > opening.month_date
)

select
    cast(coalesce(account.account_fk, {{ var('unassigned_pk') }}) as bigint) as account_fk,
    cast(stretch.account_key as bigint) as account_key,
    cast(coalesce(account.customer_fk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(coalesce(account.product_fk, {{ var('unassigned_pk') }}) as bigint) as product_fk,
    cast(coalesce(account.organisation_fk, {{ var('unassigned_pk') }}) as bigint) as organisation_fk,
    cast(stretch.valid_from_date as date) as valid_from_date,
    cast(stretch.valid_to_date as date) as valid_to_date,
    cast(stretch.balance_amount as decimal(18, 2)) as balance_amount,
    cast({{ days_between('stretch.valid_from_date', 'stretch.valid_to_date') }} as int) as days_count,
    cast(stretch.source_code as {{ t_string() }}) as source_code,
    cast(stretch.month_date as date) as month_date
from stretch
left join {{ ref('bridge_account_version') }} as account
    on stretch.account_key = account.account_key
    and {{ as_at('account', 'stretch.valid_from_date') }}
-- A closed, empty account is not carried on for ever.
where
    stretch.is_carried = 0
    or stretch.balance_amount <> 0
    or coalesce(account.closed_date, {{ open_valid_date() }}) >= stretch.month_date
