-- One row per manager, line of pay and month: what the rules of pay would give, without a limit.
-- A new customer is won by whoever opened his first account, be he looked after by then or not.
with opened as (
    select
        account.customer_key,
        person.employee_id,
        {{ month_first('account.opened_date') }} as month_date,
        row_number() over (
            partition by account.customer_key order by account.opened_date, account.account_key
        ) as nth_account
    from {{ ref('dim_account') }} as account
    inner join {{ ref('dim_employee') }} as person on account.opening_manager_fk = person.employee_pk
    where account.is_current and account.customer_key <> {{ var('unassigned_pk') }}
),

won as (
    select
        opened.customer_key,
        opened.employee_id,
        opened.month_date
    from opened
    inner join {{ ref('dim_customer') }} as customer
        on opened.customer_key = customer.customer_key and customer.is_current
    where opened.nth_account = 1 and {{ month_first('customer.opened_date') }} = opened.month_date
),

quantity as (
    select
        manager_fk,
        employee_id,
        days_count,
        month_date,
        'month' as basis_code,
        cast(1 as decimal(18, 4)) as quantity
    from {{ ref('mart_performance__manager_ranking_month') }}
    union all
    select
        manager_fk,
        employee_id,
        days_count,
        month_date,
        'point' as basis_code,
        coalesce(score, 0) as quantity
    from {{ ref('mart_performance__manager_ranking_month') }}
    union all
    select
        ranking.manager_fk,
        ranking.employee_id,
        ranking.days_count,
        ranking.month_date,
        'new_customer' as basis_code,
        cast(count(won.customer_key) as decimal(18, 4)) as quantity
    from {{ ref('mart_performance__manager_ranking_month') }} as ranking
    left join won on ranking.employee_id = won.employee_id and ranking.month_date = won.month_date
    group by ranking.manager_fk, ranking.employee_id, ranking.days_count, ranking.month_date
)

select
    cast(quantity.manager_fk as bigint) as manager_fk,
    cast(quantity.employee_id as {{ t_string() }}) as employee_id,
    cast(rule.pay_line_code as {{ t_string() }}) as pay_line_code,
    cast(rule.order_number as int) as order_number,
    cast(quantity.days_count as int) as days_count,
    cast(quantity.quantity as decimal(18, 4)) as quantity,
    cast(rule.rate_amount as decimal(18, 2)) as rate_amount,
    cast(cast(rule.rate_amount as decimal(20, 2)) * quantity.quantity as decimal(18, 2)) as amount,
    cast(quantity.month_date as date) as month_date
from quantity
inner join {{ ref('pay_rule') }} as rule
    on quantity.basis_code = rule.basis_code
    and {{ as_at('rule', month_reached('quantity.month_date')) }}
