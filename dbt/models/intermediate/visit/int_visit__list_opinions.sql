-- One row per opinion that a customer gave on a visit or to a leader who called him back.
{%- set first_month = rebuilt_from('fct_visit', unfinished='1 = 0', back_months=1) %}
with callback as (
    {{ pick_latest_small(
        ref('stg_fieldwork__callback'),
        key=['leader_id', 'customer_id', 'called_date'],
        columns=['leader_id', 'customer_id', 'called_date', 'opinion_text'],
        where=from_month_on('called_date', first_month) if first_month else none,
    ) }}
),

-- The ledger has one column for needs and opinions: what asks the bank to be otherwise is an opinion. The
-- same text is looked at once, however many wrote it.
said as (
    select distinct
        need_text,
        visited_date
    from {{ ref('int_visit__judge') }}
    where need_text is not null
),

voiced as (
    select distinct
        said.need_text,
        said.visited_date
    from said
    inner join {{ ref('opinion_word') }} as word
        on instr(said.need_text, word.word_text) > 0 and {{ as_at('word', 'said.visited_date') }}
),

heard as (
    select
        'visit' as source_code,
        visit.customer_key,
        visit.employee_id,
        visit.visited_date as heard_date,
        visit.visited_time as heard_time,
        visit.need_text as opinion_text
    from {{ ref('int_visit__judge') }} as visit
    inner join voiced on visit.need_text = voiced.need_text and visit.visited_date = voiced.visited_date
    -- What was made up was not heard, nor is anybody heard who was not there.
    where visit.is_standing and visit.outcome_code <> 'absent'
    union all
    select
        'callback' as source_code,
        coalesce(assigned.customer_key, {{ var('unassigned_pk') }}) as customer_key,
        callback.leader_id as employee_id,
        callback.called_date as heard_date,
        cast(null as {{ t_string() }}) as heard_time,
        callback.opinion_text
    from callback
    left join {{ ref('int_customer__assign_key') }} as assigned
        on callback.customer_id = assigned.customer_id
)

select
    {{ surrogate_key([
        'heard.source_code', 'heard.employee_id', 'heard.customer_key', 'heard.heard_date', 'heard.heard_time',
    ]) }}
        as feedback_pk,
    heard.source_code,
    heard.customer_key,
    heard.employee_id,
    heard.heard_date,
    trim(heard.opinion_text) as opinion_text,
    length(trim(heard.opinion_text)) as character_count,
    {{ add_days('heard.heard_date', 'clock.reply_within_days') }} as reply_due_date,
    {{ add_days('heard.heard_date', 'clock.counted_within_days') }} as counted_until_date
from heard
inner join {{ ref('feedback_clock') }} as clock
    on heard.source_code = clock.source_code and {{ as_at('clock', 'heard.heard_date') }}
-- Phrases of a few characters are no opinion, and nobody can be answered whom nobody knows.
where
    length(trim(heard.opinion_text)) >= clock.minimum_characters
    and heard.customer_key <> {{ var('unassigned_pk') }}
    and heard.heard_date <= {{ business_date() }}
