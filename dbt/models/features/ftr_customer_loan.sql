-- One row per borrower with something to lose and observation date: how his loans are graded and how he pays.
{{ partitioned_from_month('observation_date') }}
{%- set first_month = features_rebuilt_from('ftr_customer_loan') %}
with observed as (
    {{ observed_customers(first_month) }}
),

-- The worst of his loans, as far as their grade was told by then.
lent as (
    select
        exposure.customer_key,
        exposure.month_date,
        max({{ class_rank('exposure.told_five_class_code') }}) as grade_rank,
        max(exposure.told_overdue_days) as overdue_days
    from {{ ref('fct_exposure_month') }} as exposure
    where {{ is_lent_to('exposure') }} and {{ in_rebuilt('exposure.month_date', first_month) }}
    group by exposure.customer_key, exposure.month_date
),

-- Months that repayments were delivered of.
delivered as (
    select
        month_date,
        min(month_date) over () as first_month_date
    from {{ ref('fct_repayment') }}
    where account_key <> {{ var('unassigned_pk') }}
    group by month_date
),

-- What was paid comes by whole months, so of a running one nothing is known: six months up to the last that was over,
-- or up to the one before it where its file did not come.
borrower as (
    select
        observed.customer_key,
        observed.month_date,
        observed.observation_date,
        lent.grade_rank,
        lent.overdue_days,
        coalesce(delivered.first_month_date, earlier.first_month_date) as first_month_date,
        coalesce(delivered.month_date, earlier.month_date) as last_month_date
    from observed
    inner join lent on observed.customer_key = lent.customer_key and observed.month_date = lent.month_date
    left join delivered on {{ month_ended_before('observed.month_date', 0) }} = delivered.month_date
    left join delivered as earlier on {{ month_ended_before('observed.month_date', 1) }} = earlier.month_date
),

-- An instalment that was paid late in parts is one that was late.
instalment as (
    select
        borrower.customer_key,
        borrower.month_date,
        repayment.account_key,
        repayment.due_date,
        max(repayment.late_days) as late_days,
        {{ total_of('repayment.penalty_amount') }} as penalty_amount
    from borrower
    inner join {{ ref('fct_repayment') }} as repayment
        on borrower.customer_key = repayment.customer_key
        and borrower.last_month_date >= repayment.month_date
        and {{ add_months_to('borrower.last_month_date', -6) }} < repayment.month_date
    group by borrower.customer_key, borrower.month_date, repayment.account_key, repayment.due_date
),

repaid as (
    select
        customer_key,
        month_date,
        count(case when late_days > 0 then 1 end) as late_count,
        max(late_days) as late_days,
        {{ total_of('penalty_amount') }} as penalty_amount
    from instalment
    group by customer_key, month_date
)
{%- set is_told = 'borrower.first_month_date <= ' ~ add_months_to('borrower.last_month_date', -5) %}

select
    cast(borrower.customer_key as bigint) as customer_key,
    cast({{ ranked_class('borrower.grade_rank') }} as {{ t_string() }}) as five_class_code,
    cast(borrower.overdue_days as int) as loan_overdue_days_before_obs,
    -- Null: the bank's repayments do not reach over six months, or stopped coming.
    cast(case when {{ is_told }} then coalesce(repaid.late_count, 0) end as bigint)
        as loan_late_6m_count_before_obs,
    cast(case when {{ is_told }} then coalesce(repaid.late_days, 0) end as int) as loan_late_6m_days_before_obs,
    cast(case when {{ is_told }} then coalesce(repaid.penalty_amount, 0) end as decimal(18, 2))
        as loan_penalty_6m_amount_before_obs,
    cast(borrower.observation_date as date) as observation_date
from borrower
left join repaid on borrower.customer_key = repaid.customer_key and borrower.month_date = repaid.month_date
