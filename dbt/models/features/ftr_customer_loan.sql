-- One row per borrower with something to lose and observation date: how his loans are graded and how he pays.
{{ partitioned_from_month('observation_date') }}
{%- set first_month = features_rebuilt_from('ftr_customer_loan') %}
{%- set grades = ['normal', 'special_mention', 'substandard', 'doubtful', 'loss'] %}
with observed as (
    {{ observed_customers(first_month) }}
),

-- The worst of his loans on the day.
lent as (
    select
        exposure.customer_key,
        exposure.month_date,
        max(
            case exposure.five_class_code
                {%- for grade in grades %}
                when '{{ grade }}' then {{ loop.index }}
                {%- endfor %}
            end
        ) as grade_rank,
        max(exposure.overdue_days) as overdue_days
    from {{ ref('fct_exposure_month') }} as exposure
    inner join {{ ref('dim_product') }} as product on exposure.product_fk = product.product_pk
    where
        product.pillar_code = 'asset'
        and exposure.ead_amount > 0
        and {{ in_rebuilt('exposure.month_date', first_month) }}
    group by exposure.customer_key, exposure.month_date
),

-- What was paid comes by whole months, so of a running one nothing is known: six months up to the last that was over.
borrower as (
    select
        observed.customer_key,
        observed.month_date,
        observed.observation_date,
        lent.grade_rank,
        lent.overdue_days,
        {{ month_ended_before('observed.month_date', 0) }} as last_paid_month_date
    from observed
    inner join lent on observed.customer_key = lent.customer_key and observed.month_date = lent.month_date
),

delivered as (
    select min(month_date) as first_paid_month_date from {{ ref('fct_repayment') }}
),

repaid as (
    select
        borrower.customer_key,
        borrower.month_date,
        sum(case when repayment.late_days > 0 then repayment.instalment_count else 0 end) as late_count,
        max(repayment.late_days) as late_days,
        {{ total_of('repayment.penalty_amount') }} as penalty_amount
    from borrower
    inner join {{ ref('fct_repayment') }} as repayment
        on borrower.customer_key = repayment.customer_key
        and repayment.month_date <= borrower.last_paid_month_date
        and repayment.month_date > {{ add_months_to('borrower.last_paid_month_date', -6) }}
    group by borrower.customer_key, borrower.month_date
)
{%- set is_told = 'delivered.first_paid_month_date <= ' ~ add_months_to('borrower.last_paid_month_date', -5) %}

select
    cast(borrower.customer_key as bigint) as customer_key,
    cast(
        case borrower.grade_rank
            {%- for grade in grades %}
            when {{ loop.index }} then '{{ grade }}'
            {%- endfor %}
        end as {{ t_string() }}
    ) as five_class_code,
    cast(borrower.overdue_days as int) as loan_overdue_days_before_obs,
    -- Null: the bank's repayments do not reach over six months.
    cast(case when {{ is_told }} then coalesce(repaid.late_count, 0) end as bigint)
        as loan_late_6m_count_before_obs,
    cast(case when {{ is_told }} then coalesce(repaid.late_days, 0) end as int) as loan_late_6m_days_before_obs,
    cast(case when {{ is_told }} then coalesce(repaid.penalty_amount, 0) end as decimal(18, 2))
        as loan_penalty_6m_amount_before_obs,
    cast(borrower.observation_date as date) as observation_date
from borrower
cross join delivered
left join repaid on borrower.customer_key = repaid.customer_key and borrower.month_date = repaid.month_date
