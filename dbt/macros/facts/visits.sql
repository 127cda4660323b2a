{#-
A visit as a given day knew it: its entry was in the ledger, and nobody had denied it yet, or the
supervisors had decided by then that it was genuine after all. What a feature says of a day must not
depend on what was learnt later.
-#}
{% macro visit_known_on(visit, day) -%}
    {{ visit }}.is_acceptable
    and {{ visit }}.entered_date <= {{ day }}
    and case
        when {{ visit }}.decided_date <= {{ day }} then {{ visit }}.verdict_code = 'genuine'
        else {{ visit }}.denied_date is null or {{ visit }}.denied_date > {{ day }}
    end
{%- endmacro %}

{#- Whether something was done by the day it was due; null while it is neither done nor overdue. -#}
{% macro kept_by(done_date, due_date) -%}
    case
        when {{ done_date }} <= {{ due_date }} then true
        when {{ done_date }} > {{ due_date }} or {{ due_date }} < {{ business_date() }} then false
    end
{%- endmacro %}

{#- How many of the visits that come next the minutes suffice for, after those that come before them. -#}
{% macro visits_within(minutes, minutes_before, visits, visit_minutes) -%}
    least({{ visits }}, {{ idiv('greatest(' ~ minutes ~ ' - coalesce(' ~ minutes_before ~ ', 0), 0)', visit_minutes) }})
{%- endmacro %}
