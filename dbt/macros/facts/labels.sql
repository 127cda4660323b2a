{#-
Tables that look ahead of their observation dates: a row changes when a month that it looks at is
delivered anew, and comes when the last of them is over. On most nights neither happens, and nothing
is rebuilt.

Args:
    model_name: the table; needs the column known_date, the end of the last month that a row looked at.
    reach: months that it looks ahead; none where it looks to the end of the history.

Returns: the first month this run rebuilds, as ISO text; none where it builds everything; the month
after the last whole one, of which no row can be known yet, where it builds nothing.
-#}
{% macro label_rebuilt_from(model_name, reach=none) -%}
    {%- if not updates_partly(model_name) -%}{{ return(none) }}{%- endif -%}
    {%- set found = run_query(
        'select ' ~ as_text(month_first('max(known_date)')) ~ ' from ' ~ relation_of(model_name)
    ).columns[0].values() | select | list -%}
    {%- if not found -%}{{ return(none) }}{%- endif -%}
    {%- set changed = touched_partitions('month') + [month_before(found[0] | string, -1)] -%}
    {%- set first_changed = changed | sort | first -%}
    {%- set open_month = first_open_month() -%}
    {%- if first_changed >= open_month -%}{{ return(open_month) }}{%- endif -%}
    {{ return(month_before(first_changed, reach) if reach else none) }}
{%- endmacro %}

{#-
The first month that this run rebuilds of the questions, as ISO text; none where it builds everything. The
running month is asked anew every night. Answers of the months before it move, as far as the longest question
looks ahead, where a month before it is built again, or where the running one is over tonight.
-#}
{% macro questions_rebuilt_from(model_name) -%}
    {%- set first_month = features_rebuilt_from(model_name) -%}
    {%- if first_month is none -%}{{ return(none) }}{%- endif -%}
    {%- if first_month == business_month() and is_within_month() -%}
        {{ return(first_month) }}
    {%- endif -%}
    {%- set reach = run_query('select max(horizon_months) from ' ~ ref('question_rule')).columns[0].values()[0] -%}
    {{ return(month_before(first_month, reach | int)) }}
{%- endmacro %}

{#- The first month that is not over on the business date, as ISO text. -#}
{% macro first_open_month() -%}
    {{ return(business_month() if is_within_month() else month_before(business_month(), -1)) }}
{%- endmacro %}

{#- Months that the longest label looks ahead, the gap included. -#}
{% macro label_reach_months() -%}
    {%- if not updates_partly('ftr_customer_label') -%}{{ return(none) }}{%- endif -%}
    {{ return(run_query('select max(gap_months + horizon_months) from ' ~ ref('churn_label_rule')).columns[0].values()[0] | int) }}
{%- endmacro %}

{#- The first month after the row's own in which a condition held, in a select list over months of a customer. -#}
{% macro first_month_after(condition) -%}
    min(case when {{ condition }} then month_date end) over (
        partition by customer_key order by month_date
        rows between 1 following and unbounded following
    )
{%- endmacro %}
