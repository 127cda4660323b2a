{#-
A dimension's versions without gaps: the first opens at the start of time, each lasts until the
next opens, the last stays open. A unit that a later list leaves out keeps its last version for
the accounts that are still booked there; no day of theirs may fall between two versions.

Args:
    relation: the dimension.
    entity: its name, as in <entity>_pk.
    id: the durable id or key a member's versions share.
    columns: further columns to return.
-#}
{% macro carried_versions(relation, entity, id, columns=[]) -%}
    select
        {{ entity }}_pk,
        {{ id }},
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        case
            when lag(valid_from_date) over (partition by {{ id }} order by valid_from_date) is null
                then {{ first_valid_date() }}
            else valid_from_date
        end as valid_from_date,
        {{ carried_to(id) }} as valid_to_date
    from {{ relation }}
    where {{ entity }}_pk <> {{ var('unassigned_pk') }}
{%- endmacro %}

{#- Up to which day a version of a member is carried: until its next one opens, and for ever. -#}
{% macro carried_to(id) -%}
    coalesce(lead(valid_from_date) over (partition by {{ id }} order by valid_from_date), {{ open_valid_date() }})
{%- endmacro %}

{#- Where two stretches overlap, alias a and alias b: the join condition, and the cut. -#}
{% macro overlaps(a, b) -%}
    {{ a }}.valid_from_date < {{ b }}.valid_to_date and {{ b }}.valid_from_date < {{ a }}.valid_to_date
{%- endmacro %}
{% macro cut_from(a, b) -%}
    greatest({{ a }}.valid_from_date, coalesce({{ b }}.valid_from_date, {{ a }}.valid_from_date))
{%- endmacro %}
{% macro cut_to(a, b) -%}
    least({{ a }}.valid_to_date, coalesce({{ b }}.valid_to_date, {{ a }}.valid_to_date))
{%- endmacro %}
