-- One row per survey form, question that says something of the customer, and answer, as first delivered.
with answer as (
    select
        form_id,
        question_code,
        answer_text,
        answer_amount,
        min(business_date) as known_date
    from {{ ref('stg_survey__answer') }}
    where answer_text is not null or answer_amount is not null
    group by form_id, question_code, answer_text, answer_amount
),

form as (
    {{ pick_latest_small(
        ref('stg_survey__form'),
        key=['form_id'],
        columns=['form_id', 'unit_id', 'returned_date'],
        where=in_last_list(ref('stg_survey__form')),
    ) }}
),

unit as (
    {{ pick_latest_small(
        ref('stg_survey__frame'),
        key=['unit_id'],
        columns=['unit_id', 'customer_id'],
        where=in_last_list(ref('stg_survey__frame')),
    ) }}
)

select
    assigned.customer_key,
    answer.form_id,
    question.attribute_code,
    case question.reads_code
        when 'band' then band.band_code
        when 'text' then trim(answer.answer_text)
    end as value_code,
    answer.answer_amount as value_amount,
    coalesce(form.returned_date, answer.known_date) as stated_date,
    greatest(answer.known_date, coalesce(form.returned_date, answer.known_date)) as known_date
from answer
inner join form on answer.form_id = form.form_id
inner join unit on form.unit_id = unit.unit_id
inner join {{ ref('int_customer__assign_key') }} as assigned on unit.customer_id = assigned.customer_id
inner join {{ ref('survey_question') }} as question
    on answer.question_code = question.question_code
    and {{ as_at('question', 'answer.known_date') }}
left join {{ ref('attribute_band') }} as band
    on question.attribute_code = band.attribute_code
    and answer.answer_amount >= band.minimum_amount
    and answer.answer_amount < band.maximum_amount
    and {{ as_at('band', 'answer.known_date') }}
where
    case question.reads_code
        when 'amount' then answer.answer_amount is not null
        when 'band' then band.band_code is not null
        else length(trim(answer.answer_text)) > 0
    end
