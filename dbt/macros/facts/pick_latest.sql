{#-
Events as they stand after corrections: of a key that came more than once, the newest delivery
holds (latest business date, then the batch's precedence, then row).

A key is judged within its event date: a posting is corrected on its own day or reversed, it does
not move to another day. So only days that came in more than one batch can hold a key twice, and
only their rows are ranked; the rest, nearly all, streams past without a sort. A key twice in one
batch of an otherwise untouched day is a gate's matter and shows in the key test.

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
The same for a small feed, or one whose records change as a whole: every key once, whatever day or
batch it came in. One window over the feed, so not for postings and balances.
-#}
{% macro pick_latest_small(relation, key, columns, where=none) -%}
with ranked as (
    select
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        row_number() over (
            partition by {{ key | join(', ') }}
            order by
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
