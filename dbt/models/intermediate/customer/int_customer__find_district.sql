-- One row per customer record without a district whose address holds a word of some district.
with word as (
    select
        district_id,
        valid_from_date,
        valid_to_date,
        {{ each_word('address_words') }} as address_word
    from {{ scd2(
        ref('stg_corebank__district'),
        key=['district_id'],
        attributes=['address_words'],
        kind='snapshot',
    ) }} as version
    where address_words is not null
),

record as (
    select
        customer_id,
        business_date,
        batch_id,
        source_row,
        {{ re_replace_all('address_text', '[\\s\\x{3000}]+', '') }} as address_text
    from {{ ref('stg_corebank__customer') }}
    where district_id is null and address_text is not null
),

hit as (
    select
        record.customer_id,
        record.business_date,
        record.batch_id,
        record.source_row,
        word.district_id,
        word.address_word
    from record
    inner join word
        on instr(record.address_text, word.address_word) > 0
        and {{ as_at('word', 'record.business_date') }}
),

-- A word inside a longer one that is there too says nothing: 新村 in 东新村.
telling as (
    select hit.*
    from hit
    left join hit as longer
        on hit.customer_id = longer.customer_id
        and hit.business_date = longer.business_date
        and hit.batch_id = longer.batch_id
        and hit.source_row = longer.source_row
        and length(longer.address_word) > length(hit.address_word)
        and instr(longer.address_word, hit.address_word) > 0
    where longer.customer_id is null
)

select
    customer_id,
    business_date,
    batch_id,
    source_row,
    case when count(distinct district_id) = 1 then min(district_id) end as district_id,
    case when count(distinct district_id) = 1 then 'address' else 'ambiguous' end
        as district_origin_code
from telling
group by customer_id, business_date, batch_id, source_row
