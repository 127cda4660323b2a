-- One row per contact attempt, with what decides whether it counts as a visit.
{%- set first_month = rebuilt_from('fct_visit', unfinished='1 = 0', back_months=1) %}
with attempt as (
    {{ pick_latest_small(
        ref('stg_fieldwork__visit'),
        key=['employee_id', 'customer_id', 'visited_date', 'visited_time'],
        columns=[
            'employee_id', 'customer_id', 'visited_date', 'visited_time', 'visit_way_code',
            'duration_minutes', 'purpose_code', 'outcome_code', 'next_step_code',
            'expected_deposit_amount', 'need_text', 'entered_date',
        ],
        where=from_month_on('visited_date', first_month) if first_month else none,
    ) }}
),

denial as (
    select
        callback.customer_id,
        callback.visited_employee_id as employee_id,
        callback.visited_date,
        min(callback.called_date) as denied_date
    from {{ ref('stg_fieldwork__callback') }} as callback
    inner join {{ ref('visit_denial') }} as rule
        on callback.result_code = rule.result_code
        and {{ as_at('rule', 'callback.visited_date') }}
        and {{ days_between('callback.visited_date', 'callback.called_date') }}
        <= rule.counted_within_days
    where callback.called_date <= {{ business_date() }}
    group by callback.customer_id, callback.visited_employee_id, callback.visited_date
),

-- What the supervisors decided holds, whatever was said on the telephone.
verdict as (
    {{ pick_latest_small(
        ref('stg_fieldwork__visit_verdict'),
        key=['employee_id', 'customer_id', 'visited_date'],
        columns=['employee_id', 'customer_id', 'visited_date', 'verdict_code', 'decided_date'],
        where='decided_date <= ' ~ business_date(),
    ) }}
),

-- Numbers that some list holds, of whatever day: one that comes with a later list was somebody all along.
employee as (
    select distinct employee_id
    from {{ ref('dim_employee') }}
    where employee_pk <> {{ var('unassigned_pk') }}
),

customer as (
    select distinct customer_key
    from {{ ref('dim_customer') }}
    where customer_pk <> {{ var('unassigned_pk') }}
),

judged as (
    select
        attempt.*,
        assigned.customer_key,
        entered_day.working_day_number - visited_day.working_day_number as entry_working_days,
        denial.denied_date,
        verdict.verdict_code,
        verdict.decided_date,
        case
            when verdict.verdict_code is null then denial.denied_date is null
            else verdict.verdict_code = 'genuine'
        end as is_standing,
        coalesce(
            rule.is_counted
            -- Nobody can be asked about a visit by a number that is no employee, or to one that is no customer.
            and employee.employee_id is not null
            and customer.customer_key is not null
            -- A length that nobody entered is none: it suffices where the rule asks for no minutes.
            and coalesce(attempt.duration_minutes, 0) >= rule.minimum_minutes
            and (rule.is_absent_counted or attempt.outcome_code <> 'absent')
            -- What was entered before it happened was not seen when it was written down.
            and attempt.entered_date >= attempt.visited_date
            and entered_day.working_day_number - visited_day.working_day_number
            <= rule.entry_within_working_days,
            false
        ) as is_acceptable
    from attempt
    left join {{ ref('int_customer__assign_key') }} as assigned
        on attempt.customer_id = assigned.customer_id
    left join employee on attempt.employee_id = employee.employee_id
    left join customer on assigned.customer_key = customer.customer_key
    left join {{ ref('dim_date') }} as visited_day on attempt.visited_date = visited_day.date_pk
    left join {{ ref('dim_date') }} as entered_day on attempt.entered_date = entered_day.date_pk
    left join {{ ref('visit_validity') }} as rule
        on attempt.visit_way_code = rule.visit_way_code and {{ as_at('rule', 'attempt.visited_date') }}
    left join denial
        on attempt.customer_id = denial.customer_id
        and attempt.employee_id = denial.employee_id
        and attempt.visited_date = denial.visited_date
    left join verdict
        on attempt.customer_id = verdict.customer_id
        and attempt.employee_id = verdict.employee_id
        and attempt.visited_date = verdict.visited_date
)

select
    employee_id,
    customer_id,
    coalesce(customer_key, {{ var('unassigned_pk') }}) as customer_key,
    visited_date,
    visited_time,
    entered_date,
    visit_way_code,
    duration_minutes,
    purpose_code,
    outcome_code,
    next_step_code,
    expected_deposit_amount,
    need_text,
    entry_working_days,
    denied_date,
    verdict_code,
    decided_date,
    is_acceptable,
    is_standing,
    -- At most one visit a customer and day: the first that will do.
    is_acceptable and is_standing and row_number() over (
        partition by customer_id, visited_date, is_acceptable and is_standing
        order by visited_time nulls last, employee_id
    ) = 1 as is_valid
from judged
