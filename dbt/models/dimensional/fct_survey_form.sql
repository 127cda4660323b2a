-- One row per survey form, by the newest list.
with form as (
    {{ pick_latest_small(
        ref('stg_survey__form'),
        key=['form_id'],
        columns=[
            'form_id', 'unit_id', 'employee_id', 'issued_date', 'returned_date', 'status_code',
        ],
        where=in_last_list(ref('stg_survey__form')),
    ) }}
),

-- The unit's name and address stay in staging.
unit as (
    {{ pick_latest_small(
        ref('stg_survey__frame'),
        key=['unit_id'],
        columns=['unit_id', 'district_id', 'population_type_code', 'customer_id'],
        where=in_last_list(ref('stg_survey__frame')),
    ) }}
),

answer as (
    {{ pick_latest_small(
        ref('stg_survey__answer'),
        key=['form_id', 'question_code'],
        columns=['form_id', 'question_code', 'answer_text', 'answer_amount'],
        where=in_last_list(ref('stg_survey__answer')),
    ) }}
),

answered as (
    select
        form_id,
        count(*) as question_count,
        sum(
            case
                when length(trim(coalesce(answer_text, ''))) > 0 or answer_amount is not null then 1
                else 0
            end
        ) as answered_count
    from answer
    group by form_id
),

district as (
    {{ carried_versions(ref('dim_district'), 'district', 'district_id') }}
),

employee as (
    {{ carried_versions(ref('dim_employee'), 'employee', 'employee_id') }}
),

customer as (
    {{ carried_versions(ref('dim_customer'), 'customer', 'customer_key') }}
)

select
    cast(form.form_id as {{ t_string() }}) as form_id,
    cast(form.unit_id as {{ t_string() }}) as unit_id,
    cast(coalesce(district.district_pk, {{ var('unassigned_pk') }}) as bigint) as district_fk,
    cast(coalesce(employee.employee_pk, {{ var('unassigned_pk') }}) as bigint) as employee_fk,
    cast(coalesce(customer.customer_pk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(unit.population_type_code as {{ t_string() }}) as population_type_code,
    cast(form.status_code as {{ t_string() }}) as status_code,
    cast(form.issued_date as date) as issued_date,
    cast(form.returned_date as date) as returned_date,
    cast(unit.customer_id is not null as boolean) as is_customer,
    cast(coalesce(answered.question_count, 0) as int) as question_count,
    cast(coalesce(answered.answered_count, 0) as int) as answered_count,
    -- Came back, with as many answers as the rule asks.
    cast(
        form.status_code = 'returned'
        and form.returned_date is not null
        and coalesce(answered.answered_count, 0) >= coalesce(rule.minimum_answered_count, 0)
        as boolean
    ) as is_accepted,
    cast(1 as int) as form_count
from form
left join unit on form.unit_id = unit.unit_id
left join answered on form.form_id = answered.form_id
left join district
    on unit.district_id = district.district_id and {{ as_at('district', 'form.issued_date') }}
left join employee
    on form.employee_id = employee.employee_id and {{ as_at('employee', 'form.issued_date') }}
left join {{ ref('int_customer__assign_key') }} as assigned
    on unit.customer_id = assigned.customer_id
left join customer
    on assigned.customer_key = customer.customer_key
    and {{ as_at('customer', 'form.issued_date') }}
left join {{ ref('survey_rule') }} as rule
    on rule.rule_code = 'coverage' and {{ as_at('rule', 'form.issued_date') }}
