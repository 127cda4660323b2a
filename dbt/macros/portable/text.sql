{#-
Regular expressions: RE2-safe patterns only (no look-around), every capture named by its number.
DuckDB replaces the first hit and numbers the whole match 0 unless told otherwise, Spark the
opposite, and Spark wants its backslashes doubled.
-#}

{#- Every match replaced. -#}
{% macro re_replace_all(text, pattern, by) -%}{{ return(for_engine('re_replace_all', adapter.dispatch('re_replace_all', 'bank_crm'))(text, pattern, by)) }}{%- endmacro %}
{% macro default__re_replace_all(text, pattern, by) -%}regexp_replace({{ text }}, '{{ pattern }}', '{{ by }}', 'g'){%- endmacro %}
{% macro spark__re_replace_all(text, pattern, by) -%}regexp_replace({{ text }}, '{{ pattern | replace("\\", "\\\\") }}', '{{ by }}'){%- endmacro %}

{#- The words of a list written with 、 , ; or blanks, as a row each: for a select list. -#}
{% macro each_word(text) -%}{{ return(for_engine('each_word', adapter.dispatch('each_word', 'bank_crm'))(text)) }}{%- endmacro %}
{% macro default__each_word(text) -%}unnest(regexp_extract_all({{ text }}, '[^、，,；;\s]+')){%- endmacro %}
{% macro spark__each_word(text) -%}explode(regexp_extract_all({{ text }}, '([^、，,；;\\s]+)', 1)){%- endmacro %}

{#- A number rounded to a whole one, its thousands apart: 12,300. -#}
{% macro with_thousands(value) -%}{{ return(for_engine('with_thousands', adapter.dispatch('with_thousands', 'bank_crm'))(value)) }}{%- endmacro %}
{% macro default__with_thousands(value) -%}format('{:,}', cast(round({{ value }}) as bigint)){%- endmacro %}
{% macro spark__with_thousands(value) -%}format_number(cast(round({{ value }}) as bigint), 0){%- endmacro %}
