{#- The first month whose balances this night rebuilds, as ISO text; none for all of them. -#}
{% macro balances_rebuilt_from() -%}
    {%- if not updates_partly('fct_account_balance_interval') -%}{{ return(none) }}{%- endif -%}
    {#- The last day built is unfinished business, unless it was a month's end. -#}
    {{ return(rebuilt_from(
        'fct_account_balance_interval',
        unfinished='day(valid_to_date) <> 1 and valid_to_date = (select max(valid_to_date) from '
        ~ relation_of('fct_account_balance_interval') ~ ')',
    )) }}
{%- endmacro %}

{#-
Month pairs (earlier_month_date, month_date) up to the business date's month, the later one not
before `first_month`: what a balance that stood in one month is carried into.
-#}
{% macro month_pairs(first_month) -%}
    select
        earlier.month_date as earlier_month_date,
        later.month_date
    from {{ month_list(month_before(first_month, 1) if first_month else none) }} as earlier
    inner join {{ month_list(first_month) }} as later on earlier.month_date < later.month_date
{%- endmacro %}

{#-
CTEs of fct_account_balance_interval up to `change`: one row per account and day at whose end its
balance stood anew. An account is on the balance feed from its first row there on; before that, and
where the bank delivers no balances, its postings are summed up. Needs the CTE carried_in.
-#}
{% macro balance_change_ctes(first_month) -%}
latest as (
    {{ pick_latest(
        ref('stg_corebank__balance'),
        event_date='balance_date',
        key=['account_id'],
        columns=['account_id', 'balance_date', 'balance_amount'],
        where=from_month_on('balance_date', first_month) if first_month else none,
    ) }}
),

delivered as (
    select
        assigned.account_key,
        {{ month_first('latest.balance_date') }} as month_date,
        latest.balance_date,
        latest.balance_amount
    from latest
    inner join {{ ref('int_account__assign_key') }} as assigned
        on latest.account_id = assigned.account_id
    where latest.balance_date <= {{ business_date() }}
),

fed as (
    select
        account_key,
        min(month_date) as first_month_date
    from (
        select
            account_key,
            month_date
        from delivered
        {%- if first_month %}
        union all
        -- All of the history: a closed, empty account is carried on by nobody, and may be posted to
        -- once more all the same.
        select
            account_key,
            month_date
        from {{ this }}
        where source_code = 'balance_feed' and month_date < {{ date_literal(first_month) }}
        {%- endif %}
    ) as known
    group by account_key
),

{{ posted_balance_ctes(first_month) }},

change as (
    select
        account_key,
        month_date,
        balance_date,
        balance_amount,
        'balance_feed' as source_code
    from delivered
    union all
    select
        account_key,
        month_date,
        balance_date,
        balance_amount,
        'transactions' as source_code
    from posted_balance
)
{%- endmacro %}

{#-
CTEs of balance_change_ctes: end-of-day balances of the accounts that are not on the
balance feed, from their postings. Needs the CTEs fed and carried_in. Where every account is on the
feed from the first month, the join to unfed_account leaves no posting and costs next to nothing.
-#}
{% macro posted_balance_ctes(first_month) -%}
unfed_account as (
    select
        account.account_pk as account_fk,
        account.account_key,
        -- A loan's balance is what is owed: the customer's credit lowers it.
        case when product.pillar_code = 'asset' then -1 else 1 end as balance_sign,
        coalesce(fed.first_month_date, {{ open_valid_date() }}) as fed_from_date
    from {{ ref('dim_account') }} as account
    left join {{ ref('dim_product') }} as product on account.product_fk = product.product_pk
    left join fed on account.account_key = fed.account_key
    cross join (select min(first_month_date) as first_month_date from fed) as feed
    where
        account.account_pk <> {{ var('unassigned_pk') }}
        and (
            fed.first_month_date is null
            or fed.first_month_date > feed.first_month_date
        )
),

posted_day as (
    select
        account.account_key,
        posting.month_date,
        posting.booked_date,
        sum(posting.signed_amount * account.balance_sign) as moved_amount
    from {{ ref('fct_transaction') }} as posting
    inner join unfed_account as account on posting.account_fk = account.account_fk
    where
        posting.booked_date <= {{ business_date() }}
        and posting.month_date < account.fed_from_date
        {%- if first_month %}
        and posting.booked_date >= {{ date_literal(first_month) }}
        {%- endif %}
    group by account.account_key, posting.month_date, posting.booked_date
),

posted_balance as (
    select
        account_key,
        month_date,
        balance_date,
        cast(running_amount as decimal(18, 2)) as balance_amount
    from (
        select
            account_key,
            month_date,
            balance_date,
            is_posted,
            sum(moved_amount) over (
                partition by account_key
                order by balance_date
                rows between unbounded preceding and current row
            ) as running_amount
        from (
            select
                account_key,
                month_date,
                booked_date as balance_date,
                1 as is_posted,
                moved_amount
            from posted_day
            union all
            select
                account_key,
                month_date,
                {{ month_last('month_date') }} as balance_date,
                0 as is_posted,
                balance_amount as moved_amount
            from carried_in
            where source_code = 'transactions'
        ) as movement
    ) as running
    where is_posted = 1
)
{%- endmacro %}
