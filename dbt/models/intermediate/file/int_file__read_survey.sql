-- One row per customer, survey form and question that says something of the customer, as first delivered
-- with that answer.
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
),

-- The last answer of a form, should a later list say otherwise.
told as (
    select
        answer.*,
        row_number() over (
            partition by form_id, question_code
            order by known_date desc, answer_amount desc nulls last, answer_text desc nulls last, form_id
        ) as newest_rank
    from answer
)

select
    assigned.customer_key,
    told.form_id,
    question.attribute_code,
    case question.reads_code
        when 'band' then band.band_code
        when 'text' then trim(told.answer_text)
    end as value_code,
    told.answer_amount as value_amount,
    coalesce(form.returned_date, told.known_date) as stated_date,
    greatest(told.known_date, coalesce(form.returned_date, told.known_date)) as known_date
from told
inner join form on told.form_id = form.form_id
inner join unit on form.unit_id = unit.unit_id
inner join {{ ref('int_customer__assign_key') }} as assigned on unit.customer_id = assigned.customer_id
inner join {{ ref('survey_question') }} as question
    on told.question_code = question.question_code
    and {{ as_at('question', 'told.known_date') }}
left join {{ ref('attribute_band') }} as band
    on question.attribute_code = band.attribute_code
    and told.answer_amount >= band.minimum_amount
    and told.answer_amount < band.maximum_amount
    and {{ as_at('band', 'told.known_date') }}
where
    told.newest_rank = 1
    and case question.reads_code
        when 'amount' then told.answer_amount is not null
        when 'band' then band.band_code is not null
        else length(trim(told.answer_text)) > 0
    end
