-- One row per customer, day and kind of event that came out of his salary: it began to arrive, or stopped.
{%- set first_month = rebuilt_from('fct_customer_event') %}
{#- As many months as a rule may look back, its silence included; a test holds the rules to it. -#}
{%- set back_months = 7 %}
with history as (
    select min(booked_date) as first_date from {{ ref('fct_transaction') }}
),

salary_day as (
    select
        customer.customer_key,
        posting.booked_date,
        sum(posting.signed_amount) as amount
    from {{ ref('fct_transaction') }} as posting
    inner join {{ ref('dim_customer') }} as customer on posting.customer_fk = customer.customer_pk
    inner join {{ ref('dim_transaction_type') }} as kind
        on posting.transaction_type_fk = kind.transaction_type_pk
    inner join {{ ref('event_rule') }} as rule
        on rule.event_code = 'salary_arrived'
        and customer.party_type_code = rule.party_type_code
        and {{ as_at('rule', 'posting.booked_date') }}
        and posting.signed_amount >= rule.minimum_amount
    where
        kind.transaction_type_code = 'payroll'
        and {{ is_own_currency('posting.currency_code') }}
        and customer.customer_pk <> {{ var('unassigned_pk') }}
        and posting.booked_date <= {{ business_date() }}
        {%- if first_month %}
        and posting.month_date >= {{ date_literal(month_before(first_month, back_months)) }}
        {%- endif %}
    group by customer.customer_key, posting.booked_date
),

salary as (
    select
        salary_day.*,
        lag(booked_date) over (partition by customer_key order by booked_date) as earlier_date,
        lead(booked_date) over (partition by customer_key order by booked_date) as later_date
    from salary_day
),

-- How many salaries came in the days before one, itself among them.
counted as (
    select
        salary.customer_key,
        salary.booked_date,
        salary.amount,
        salary.later_date,
        {{ add_days('salary.booked_date', 'rule.silent_days') }} as silent_date,
        rule.minimum_count,
        count(earlier.booked_date) as salaries_count
    from salary
    inner join {{ ref('event_rule') }} as rule
        on rule.event_code = 'salary_stopped' and {{ as_at('rule', 'salary.booked_date') }}
    inner join salary_day as earlier
        on salary.customer_key = earlier.customer_key
        and salary.booked_date >= earlier.booked_date
        and {{ add_days('salary.booked_date', '-rule.look_back_days') }} < earlier.booked_date
    group by
        salary.customer_key, salary.booked_date, salary.amount, salary.later_date,
        {{ add_days('salary.booked_date', 'rule.silent_days') }}, rule.minimum_count
)

-- Before the history has lasted as long as a rule looks back, nobody's first salary is known to be the first.
select
    salary.customer_key,
    'salary_arrived' as event_code,
    salary.booked_date as event_date,
    cast(salary.amount as decimal(18, 2)) as amount
from salary
inner join {{ ref('event_rule') }} as rule
    on rule.event_code = 'salary_arrived' and {{ as_at('rule', 'salary.booked_date') }}
cross join history
where
    coalesce(salary.earlier_date, history.first_date)
    < {{ add_days('salary.booked_date', '-rule.look_back_days') }}
union all
select
    customer_key,
    'salary_stopped' as event_code,
    silent_date as event_date,
    cast(amount as decimal(18, 2)) as amount
from counted
where
    salaries_count >= minimum_count
    and silent_date <= {{ business_date() }}
    and coalesce(later_date, {{ open_valid_date() }}) > silent_date
