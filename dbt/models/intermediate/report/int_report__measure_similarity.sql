-- One row per report handed in: the largest similarity to a report that was handed in earlier, by whomever.
-- Similarity is that of the sets of three letters running (Jaccard): signs, digits and blanks do not
-- count, so that a copy with another number in it is a copy.
{% set letters = 3 %}
with handed_in as (
    select
        report_pk,
        report_code,
        submitted_date,
        {{ re_replace_all(
            "concat_ws('', first_item_text, second_item_text, third_item_text, fourth_item_text)",
            '[^\\p{L}]', '',
        ) }} as letters_text,
        row_number() over (
            partition by report_code order by submitted_date, period_start_date, subject_id
        ) as order_number
    from {{ ref('int_report__list_handed_in') }}
    where submitted_date <= {{ business_date() }}
),

-- The same text once more is found however long ago it was.
repeated as (
    select
        report_pk,
        order_number > min(order_number) over (partition by report_code, letters_text) as is_repeated
    from handed_in
    where length(letters_text) > 0
),

placed as (
    select
        report_pk,
        letters_text,
        {{ each_number_up_to('length(letters_text) - ' ~ (letters - 1)) }} as place_number
    from handed_in
),

shingle as (
    select distinct
        placed.report_pk,
        handed_in.report_code,
        handed_in.submitted_date,
        handed_in.order_number,
        substr(placed.letters_text, placed.place_number, {{ letters }}) as shingle_text
    from placed
    inner join handed_in on placed.report_pk = handed_in.report_pk
),

size as (
    select
        report_pk,
        count(*) as shingle_count
    from shingle
    group by report_pk
),

-- How far back two texts are compared bounds the work: it grows with the reports of that stretch.
common as (
    select
        later.report_pk,
        earlier.report_pk as earlier_report_pk,
        count(*) as common_count
    from shingle as later
    inner join {{ ref('report_rule') }} as rule
        on later.report_code = rule.report_code and {{ as_at('rule', 'later.submitted_date') }}
    inner join shingle as earlier
        on later.report_code = earlier.report_code
        and later.shingle_text = earlier.shingle_text
        and later.order_number > earlier.order_number
        and {{ days_between('earlier.submitted_date', 'later.submitted_date') }} <= rule.compared_days
    group by later.report_pk, earlier.report_pk
),

nearest as (
    select
        common.report_pk,
        max({{ share_of(
            'common.common_count', 'own.shingle_count + other.shingle_count - common.common_count'
        ) }}) as similarity_rate
    from common
    inner join size as own on common.report_pk = own.report_pk
    inner join size as other on common.earlier_report_pk = other.report_pk
    group by common.report_pk
)

select
    cast(handed_in.report_pk as bigint) as report_pk,
    cast(
        case when repeated.is_repeated then 1 else coalesce(nearest.similarity_rate, 0) end as decimal(12, 8)
    ) as similarity_rate
from handed_in
left join repeated on handed_in.report_pk = repeated.report_pk
left join nearest on handed_in.report_pk = nearest.report_pk
