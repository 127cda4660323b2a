-- One row per entry of the old ledgers and merchant of the president system that its name may mean.
{% set most_characters = 16 %}
-- Two names differ in one character where they are equal once some place of both is covered: that
-- needs no distance of every name to every other, and counts characters on every engine.
with covered as (
    {%- for place in range(1, most_characters + 1) %}
    select
        short_name,
        substr(short_name, 1, {{ place - 1 }}) || '?' || substr(short_name, {{ place + 1 }}) as covered_name
    from {{ ref('int_merchant__shorten_name') }}
    where length(short_name) >= {{ [place, 3] | max }}
    group by short_name
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

alike as (
    select distinct
        ours.short_name,
        theirs.short_name as other_short_name
    from covered as ours
    inner join covered as theirs
        on ours.covered_name = theirs.covered_name and ours.short_name <> theirs.short_name
),

candidate as (
    select
        entry.ledger_row_id,
        listed.customer_key,
        case when entry.plain_name = listed.plain_name then 'name' else 'short_name' end as match_code,
        coalesce(entry.district_id = listed.district_id, false) as is_same_district,
        listed.is_opened,
        listed.opening_manager_id
    from {{ ref('int_merchant__list_entry') }} as entry
    inner join {{ ref('int_merchant__list_system') }} as listed
        on entry.short_name = listed.short_name
    union all
    select
        entry.ledger_row_id,
        listed.customer_key,
        'one_character' as match_code,
        coalesce(entry.district_id = listed.district_id, false) as is_same_district,
        listed.is_opened,
        listed.opening_manager_id
    from {{ ref('int_merchant__list_entry') }} as entry
    inner join alike on entry.short_name = alike.short_name
    inner join {{ ref('int_merchant__list_system') }} as listed
        on alike.other_short_name = listed.short_name
)

-- What no rule ranks is no match.
select
    candidate.ledger_row_id,
    candidate.customer_key,
    candidate.match_code,
    candidate.is_same_district,
    rule.match_rank,
    rule.is_sufficient,
    candidate.is_opened,
    candidate.opening_manager_id
from candidate
inner join {{ ref('merchant_match_rule') }} as rule
    on candidate.match_code = rule.match_code
    and candidate.is_same_district = rule.is_same_district
    and {{ as_at('rule', business_date()) }}
