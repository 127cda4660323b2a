{#-
A visit as a given day knew it: its entry was in the ledger, and nobody had denied it yet. What a
feature says of a day must not depend on what was learnt later.
-#}
{% macro visit_known_on(visit, day) -%}
    {{ visit }}.is_acceptable
    and {{ visit }}.entered_date <= {{ day }}
    and ({{ visit }}.denied_date is null or {{ visit }}.denied_date > {{ day }})
{%- endmacro %}
