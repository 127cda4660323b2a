-- One row per contact attempt and attribute that it says something of: a need by its words, or a deposit
-- that the customer spoke of.
with attempt as (
    {{ pick_latest_small(
        ref('stg_fieldwork__visit'),
        key=['employee_id', 'customer_id', 'visited_date', 'visited_time'],
        columns=[
            'employee_id', 'customer_id', 'visited_date', 'visited_time', 'outcome_code',
            'expected_deposit_amount', 'need_text', 'entered_date',
        ],
    ) }}
),

-- The same text is looked at once, however many wrote it.
said as (
    select distinct need_text
    from attempt
    where need_text is not null
),

meant as (
    select
        said.need_text,
        word.need_code,
        word.valid_from_date,
        word.valid_to_date,
        row_number() over (
            partition by said.need_text, word.valid_from_date
            order by word.order_number, word.need_code
        ) as word_rank
    from said
    inner join {{ ref('need_word') }} as word on instr(said.need_text, word.word_text) > 0
),

spoken as (
    select
        attempt.customer_id,
        attempt.employee_id,
        attempt.visited_date,
        attempt.visited_time,
        attempt.entered_date,
        'need' as attribute_code,
        meant.need_code as value_code,
        cast(null as decimal(18, 2)) as value_amount
    from attempt
    inner join meant
        on attempt.need_text = meant.need_text
        and meant.word_rank = 1
        and {{ as_at('meant', 'attempt.visited_date') }}
    union all
    select
        customer_id,
        employee_id,
        visited_date,
        visited_time,
        entered_date,
        'deposit_intent' as attribute_code,
        cast(null as {{ t_string() }}) as value_code,
        expected_deposit_amount as value_amount
    from attempt
    where expected_deposit_amount > 0
)

select
    assigned.customer_key,
    spoken.attribute_code,
    spoken.value_code,
    spoken.value_amount,
    spoken.visited_date as stated_date,
    -- Entered before it happened: known no earlier than the day it is said to be of.
    greatest(spoken.visited_date, spoken.entered_date) as known_date,
    concat_ws(' ', spoken.employee_id, {{ as_text('spoken.visited_date') }}, spoken.visited_time) as source_reference
from spoken
inner join {{ ref('int_customer__assign_key') }} as assigned on spoken.customer_id = assigned.customer_id
where spoken.visited_date <= {{ business_date() }}
