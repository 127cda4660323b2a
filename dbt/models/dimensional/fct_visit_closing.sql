-- One row per visit that aims at an account, with the next account that the customer opened.
with visit as (
    select
        visit.visit_pk,
        visit.customer_fk,
        customer.customer_key,
        visit.employee_fk,
        visit.team_fk,
        visit.visited_date,
        visit.purpose_code,
        visit.outcome_code,
        {{ add_days('visit.visited_date', 'rule.within_days') }} as counted_until_date,
        visit.month_date
    from {{ ref('fct_visit') }} as visit
    inner join {{ ref('dim_customer') }} as customer on visit.customer_fk = customer.customer_pk
    inner join {{ ref('closing_rule') }} as rule
        on visit.purpose_code = rule.purpose_code and {{ as_at('rule', 'visit.visited_date') }}
    -- What was made up closed nothing.
    where coalesce(visit.verdict_code, 'genuine') <> 'false_report'
),

opened as (
    select
        visit.visit_pk,
        min(account.opened_date) as opened_date
    from visit
    inner join {{ ref('dim_account') }} as account
        on visit.customer_key = account.customer_key
        and account.is_current
        and visit.visited_date <= account.opened_date
        and account.opened_date <= least(visit.counted_until_date, {{ business_date() }})
    where visit.customer_key <> {{ var('unassigned_pk') }}
    group by visit.visit_pk
)

select
    cast(visit.visit_pk as bigint) as visit_pk,
    cast(visit.customer_fk as bigint) as customer_fk,
    cast(visit.customer_key as bigint) as customer_key,
    cast(visit.employee_fk as bigint) as employee_fk,
    cast(visit.team_fk as bigint) as team_fk,
    cast(visit.visited_date as date) as visited_date,
    cast(visit.purpose_code as {{ t_string() }}) as purpose_code,
    cast(visit.outcome_code as {{ t_string() }}) as outcome_code,
    cast(visit.counted_until_date as date) as counted_until_date,
    cast(visit.counted_until_date <= {{ business_date() }} as boolean) as is_window_over,
    cast(opened.opened_date as date) as opened_date,
    cast({{ days_between('visit.visited_date', 'opened.opened_date') }} as int) as opening_days,
    -- Entered as closed, and no account came of it in the days there were.
    cast(
        visit.outcome_code = 'closed'
        and opened.opened_date is null
        and visit.counted_until_date <= {{ business_date() }} as boolean
    ) as is_unfounded,
    cast(1 as int) as visit_count,
    cast(visit.month_date as date) as month_date
from visit
left join opened on visit.visit_pk = opened.visit_pk
