-- One row per account opened since field work began: who opened it, and whether it counts as an opening.
with history as (
    select min(month_date) as first_month_date
    from {{ ref('fct_visit_requirement') }}
),

-- The account as at the end of the month that it was opened in.
opened as (
    select
        account.account_key,
        account.account_pk as account_fk,
        account.customer_key,
        account.product_fk,
        account.opened_date,
        {{ month_first('account.opened_date') }} as month_date,
        opener.employee_id,
        coalesce(account.closed_date, {{ open_valid_date() }})
        > {{ month_reached(month_first('account.opened_date')) }} as is_open
    from {{ ref('dim_account') }} as account
    cross join history
    inner join {{ ref('dim_employee') }} as opener on account.opening_manager_fk = opener.employee_pk
    where
        account.opening_manager_fk <> {{ var('unassigned_pk') }}
        and account.opened_date >= history.first_month_date
        and account.opened_date <= {{ business_date() }}
        and {{ as_at('account', month_reached(month_first('account.opened_date'))) }}
),

ruled as (
    select
        opened.*,
        rule.minimum_average_amount,
        rule.average_days,
        {{ add_days(month_reached('opened.month_date'), '1 - rule.average_days') }} as average_from_date
    from opened
    inner join {{ ref('team_month_rule') }} as rule
        on rule.measure_code = 'opening' and {{ as_at('rule', 'opened.opened_date') }}
),

-- Yuan-days of the last days of the month: the days before the opening hold nothing.
held as (
    select
        ruled.account_key,
        sum(
            balance.balance_amount
            * {{ days_between('greatest(balance.valid_from_date, ruled.average_from_date)', 'balance.valid_to_date') }}
        ) as balance_days_amount
    from ruled
    inner join {{ ref('fct_account_balance_interval') }} as balance
        on ruled.account_key = balance.account_key
        and ruled.month_date = balance.month_date
        and ruled.average_from_date < balance.valid_to_date
    group by ruled.account_key
),

team as (
    select
        opened.account_key,
        min(bridge.team_id) as team_id
    from opened
    inner join {{ ref('bridge_team_member') }} as bridge
        on opened.employee_id = bridge.employee_id and {{ as_at('bridge', 'opened.opened_date') }}
    group by opened.account_key
),

averaged as (
    select
        ruled.*,
        team.team_id,
        cast(
            coalesce({{ average_over('held.balance_days_amount', 'ruled.average_days') }}, 0) as decimal(18, 2)
        ) as average_amount
    from ruled
    left join held on ruled.account_key = held.account_key
    left join team on ruled.account_key = team.account_key
)

select
    account_key,
    account_fk,
    customer_key,
    product_fk,
    employee_id,
    team_id,
    opened_date,
    month_date,
    is_open,
    average_amount,
    is_open and average_amount >= minimum_average_amount as is_counted
from averaged
