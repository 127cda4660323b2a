{#- Business dates are DATE in one zone; every function here returns DATE or a whole number. -#}

{#- A literal date from an ISO text: date_literal('2025-12-31'). -#}
{% macro date_literal(iso) -%}cast('{{ iso }}' as date){%- endmacro %}

{#- The business date of the night. -#}
{% macro business_date() -%}{{ date_literal(var('business_date')) }}{%- endmacro %}

{#- The start of a member's first version, and the end of one that still holds. -#}
{% macro first_valid_date() -%}{{ date_literal(var('first_valid_date')) }}{%- endmacro %}
{% macro open_valid_date() -%}{{ date_literal(var('open_valid_date')) }}{%- endmacro %}

{#- d plus n days. -#}
{% macro add_days(d, n) -%}{{ return(for_engine('add_days', adapter.dispatch('add_days', 'bank_crm'))(d, n)) }}{%- endmacro %}
{% macro default__add_days(d, n) -%}({{ d }} + cast({{ n }} as integer)){%- endmacro %}
{% macro spark__add_days(d, n) -%}date_add({{ d }}, cast({{ n }} as int)){%- endmacro %}

{#- d plus n months, the last day of the month where the day does not exist. -#}
{% macro add_months_to(d, n) -%}{{ return(for_engine('add_months_to', adapter.dispatch('add_months_to', 'bank_crm'))(d, n)) }}{%- endmacro %}
{% macro default__add_months_to(d, n) -%}
    cast({{ d }} + to_months(cast({{ n }} as integer)) as date)
{%- endmacro %}
{% macro spark__add_months_to(d, n) -%}add_months({{ d }}, cast({{ n }} as int)){%- endmacro %}

{#- Days from a to b: 1 from the 30th to the 31st, negative where b is the earlier. -#}
{% macro days_between(a, b) -%}{{ return(for_engine('days_between', adapter.dispatch('days_between', 'bank_crm'))(a, b)) }}{%- endmacro %}
{% macro default__days_between(a, b) -%}date_diff('day', {{ a }}, {{ b }}){%- endmacro %}
{% macro spark__days_between(a, b) -%}datediff({{ b }}, {{ a }}){%- endmacro %}

{#- The first day of d's month. -#}
{% macro month_first(d) -%}cast(date_trunc('month', {{ d }}) as date){%- endmacro %}

{#- The last day of d's month. -#}
{% macro month_last(d) -%}last_day({{ d }}){%- endmacro %}

{#- Months from a's month to b's month: 1 from any day of January to any day of February. -#}
{% macro months_apart(a, b) -%}
    ((year({{ b }}) - year({{ a }})) * 12 + month({{ b }}) - month({{ a }}))
{%- endmacro %}

{#-
ISO day of the week, 1 is Monday. From a known Monday, since engines number the days differently.
-#}
{% macro iso_day_of_week(d) -%}
    (mod(mod({{ days_between(date_literal('1990-01-01'), d) }}, 7) + 7, 7) + 1)
{%- endmacro %}

{#- A sub-select with one row per day, column date_day, both ends included. -#}
{% macro date_spine(first_day, last_day) -%}{{ return(for_engine('date_spine', adapter.dispatch('date_spine', 'bank_crm'))(first_day, last_day)) }}{%- endmacro %}
{% macro default__date_spine(first_day, last_day) -%}
    (
        select cast(series.day_at as date) as date_day
        from generate_series({{ first_day }}, {{ last_day }}, interval 1 day) as series(day_at)
    )
{%- endmacro %}
{% macro spark__date_spine(first_day, last_day) -%}
    (select explode(sequence({{ first_day }}, {{ last_day }}, interval 1 day)) as date_day)
{%- endmacro %}
