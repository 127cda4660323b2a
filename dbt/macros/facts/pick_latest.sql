{#-
Events as they stand after corrections: of a key that came more than once, the newest delivery
holds (latest business date, then the batch's precedence, then row).

For events whose date is part of their key, as balances: only days that came in more than one batch
can hold a key twice, and only their rows are ranked; the rest, nearly all, streams past without a
sort. A key twice in one batch of an otherwise untouched day is a gate's matter and shows in the key
test.

Args:
    relation: staging model.
    event_date: the column whose dates a delivery touches.
    key: columns of the key beside the event date.
    columns: columns to return, event_date among them.
    where: condition that limits the days read, on event_date and business_date; none reads all.
-#}
{% macro pick_latest(relation, event_date, key, columns, where=none) -%}
{%- set condition = where if where else '1 = 1' -%}
with delivered_again as (
    select {{ event_date }}
    from {{ relation }}
    where {{ condition }}
    group by {{ event_date }}
    having min(batch_id) <> max(batch_id)
),

delivered_once as (
    select
        {%- for column in columns %}
        delivered.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        select {{ columns | join(', ') }}
        from {{ relation }}
        where {{ condition }}
    ) as delivered
    left join delivered_again on delivered.{{ event_date }} = delivered_again.{{ event_date }}
    where delivered_again.{{ event_date }} is null
),

ranked as (
    select
        {%- for column in columns %}
        delivered.{{ column }},
        {%- endfor %}
        row_number() over (
            partition by delivered.{{ event_date }}, delivered.{{ key | join(', delivered.') }}
            order by
                delivered.business_date desc,
                delivered.batch_precedence desc nulls last,
                delivered.batch_id desc,
                delivered.source_sheet desc nulls last,
                delivered.source_row desc
        ) as newest_rank
    from (
        select {{ (columns + key + ['business_date', 'batch_precedence', 'batch_id', 'source_sheet', 'source_row']) | unique | join(', ') }}
        from {{ relation }}
        where {{ condition }}
    ) as delivered
    inner join delivered_again on delivered.{{ event_date }} = delivered_again.{{ event_date }}
)

select {{ columns | join(', ') }} from delivered_once
union all
select {{ columns | join(', ') }} from ranked where newest_rank = 1
{%- endmacro %}

{#-
The same for events with a key of their own, whose date may be corrected too: of a posting that was
booked on another day by a later file only the row of that day is left, wherever the other stands.

A night that replaces days asks of the keys that came for them whether they came for other days
too; which days a correction takes a row from, the night knows beforehand (stages/moved_events.py).
Only keys that came more than once are ranked.

Args:
    relation, event_date, key, columns: as above; the key is a single column, without nulls.
    days: condition on event_date of the days wanted; none takes all.
    files: further condition that rows of those days meet, by which files are passed over.
-#}
{% macro pick_latest_moving(relation, event_date, key, columns, days=none, files='1 = 1') -%}
{%- set ordering = ['business_date', 'batch_precedence', 'batch_id', 'source_sheet', 'source_row'] -%}
{%- set read = (columns + [event_date, key] + ordering) | unique | list -%}
with delivered as (
    select {{ read | join(', ') }}
    from {{ relation }}
    {%- if days %}
    where {{ days }} and {{ files }}
    {%- endif %}
),

{%- if days %}

elsewhere as (
    select {{ ([event_date, key] + ordering) | unique | join(', ') }}
    from {{ relation }}
    where not ({{ days }}) and {{ key }} in (select {{ key }} from delivered)
),
{%- endif %}

delivered_again as (
    select {{ key }}
    from {% if days -%}
    (
        select {{ key }} from delivered
        union all
        select {{ key }} from elsewhere
    ) as known
    {%- else %}delivered{% endif %}
    group by {{ key }}
    having count(*) > 1
),

ranked as (
    select
        {%- for column in columns %}
        delivered.{{ column }},
        {%- endfor %}
        row_number() over (
            partition by delivered.{{ key }}
            order by
                delivered.business_date desc,
                delivered.batch_precedence desc nulls last,
                delivered.batch_id desc,
                delivered.source_sheet desc nulls last,
                delivered.source_row desc
        ) as newest_rank
    from {% if days -%}
    (
        select * from delivered
        union all
        select
            {%- for name in read %}
            {{ name if name in [event_date, key] + ordering else 'null as ' ~ name }}{{ ',' if not loop.last }}
            {%- endfor %}
        from elsewhere
    )
    {%- else -%}
    delivered
    {%- endif %} as delivered
    inner join delivered_again on delivered.{{ key }} = delivered_again.{{ key }}
)

select
    {%- for column in columns %}
    delivered.{{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
from delivered
left join delivered_again on delivered.{{ key }} = delivered_again.{{ key }}
where delivered_again.{{ key }} is null
union all
select {{ columns | join(', ') }}
from ranked
where newest_rank = 1{% if days %} and {{ days }}{% endif %}
{%- endmacro %}

{#-
The same for a small feed, or one whose records change as a whole: every key once, whatever day or
batch it came in. One window over the feed, so not for postings and balances. With `latest_by` the row
with the latest of that column holds, whichever was delivered last.
-#}
{% macro pick_latest_small(relation, key, columns, where=none, latest_by=none) -%}
with ranked as (
    select
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        row_number() over (
            partition by {{ key | join(', ') }}
            order by
                {% if latest_by %}{{ latest_by }} desc,{% endif %}
                business_date desc,
                batch_precedence desc nulls last,
                batch_id desc,
                source_sheet desc nulls last,
                source_row desc
        ) as newest_rank
    from {{ relation }}
    {%- if where %}
    where {{ where }}
    {%- endif %}
)

select {{ columns | join(', ') }} from ranked where newest_rank = 1
{%- endmacro %}

{#- The condition that picks the newest delivery of a feed that delivers its whole list. -#}
{% macro in_last_list(relation) -%}
    business_date = (
        select max(business_date) from {{ relation }} where business_date <= {{ business_date() }}
    )
{%- endmacro %}
