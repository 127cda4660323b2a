-- One row per account opened in a month with figures: who opened it, and whether it counts as an opening.
with history as (
    select min(month_date) as first_month_date
    from {{ ref('fct_account_month') }}
),

-- The account as at the end of the month that it was opened in.
opened as (
    select
        account.account_key,
        account.account_pk as account_fk,
        account.customer_key,
        account.product_fk,
        account.organisation_fk,
        account.opening_manager_fk as employee_fk,
        account.opened_date,
        {{ month_first('account.opened_date') }} as month_date,
        opener.employee_id,
        coalesce(account.closed_date, {{ open_valid_date() }})
        > {{ month_reached(month_first('account.opened_date')) }} as is_open
    from {{ ref('dim_account') }} as account
    cross join history
    inner join {{ ref('dim_employee') }} as opener on account.opening_manager_fk = opener.employee_pk
    where
        account.opened_date >= history.first_month_date
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

-- Opened on behalf of the team that its opener was of that day.
member as (
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
        member.team_id,
        cast(
            coalesce({{ average_over('held.balance_days_amount', 'ruled.average_days') }}, 0) as decimal(18, 2)
        ) as average_amount
    from ruled
    left join held on ruled.account_key = held.account_key
    left join member on ruled.account_key = member.account_key
),

team as (
    {{ carried_versions(ref('dim_team'), 'team', 'team_id') }}
)

select
    cast(averaged.account_key as bigint) as account_key,
    cast(averaged.account_fk as bigint) as account_fk,
    cast(averaged.customer_key as bigint) as customer_key,
    cast(averaged.product_fk as bigint) as product_fk,
    cast(averaged.organisation_fk as bigint) as organisation_fk,
    cast(averaged.employee_fk as bigint) as employee_fk,
    cast(averaged.employee_id as {{ t_string() }}) as employee_id,
    cast(coalesce(team.team_pk, {{ var('unassigned_pk') }}) as bigint) as team_fk,
    cast(averaged.team_id as {{ t_string() }}) as team_id,
    cast(averaged.opened_date as date) as opened_date,
    cast(averaged.is_open as boolean) as is_open,
    cast(averaged.average_amount as decimal(18, 2)) as average_amount,
    cast(averaged.is_open and averaged.average_amount >= averaged.minimum_average_amount as boolean) as is_counted,
    cast(
        case when averaged.is_open and averaged.average_amount >= averaged.minimum_average_amount then 1 else 0 end
        as int
    ) as opening_count,
    cast(averaged.month_date as date) as month_date
from averaged
left join team on averaged.team_id = team.team_id and {{ as_at('team', 'averaged.opened_date') }}
