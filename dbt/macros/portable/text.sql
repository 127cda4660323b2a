{#-
Regular expressions: RE2-safe patterns only (no look-around), every capture named by its number.
DuckDB replaces the first hit and numbers the whole match 0 unless told otherwise, Spark the
opposite, and Spark wants its backslashes doubled.
-#}

{#- Whether the text holds a match. -#}
{% macro re_match(text, pattern) -%}{{ return(for_engine('re_match', adapter.dispatch('re_match', 'bank_crm'))(text, pattern)) }}{%- endmacro %}
{% macro default__re_match(text, pattern) -%}regexp_matches({{ text }}, '{{ pattern }}'){%- endmacro %}
{% macro spark__re_match(text, pattern) -%}({{ text }} rlike '{{ pattern | replace("\\", "\\\\") }}'){%- endmacro %}

{#- The given group of the first match; an empty text where there is none. -#}
{% macro re_extract(text, pattern, group) -%}{{ return(for_engine('re_extract', adapter.dispatch('re_extract', 'bank_crm'))(text, pattern, group)) }}{%- endmacro %}
{% macro default__re_extract(text, pattern, group) -%}regexp_extract({{ text }}, '{{ pattern }}', {{ group }}){%- endmacro %}
{% macro spark__re_extract(text, pattern, group) -%}regexp_extract({{ text }}, '{{ pattern | replace("\\", "\\\\") }}', {{ group }}){%- endmacro %}

{#- Every match replaced. -#}
{% macro re_replace_all(text, pattern, by) -%}{{ return(for_engine('re_replace_all', adapter.dispatch('re_replace_all', 'bank_crm'))(text, pattern, by)) }}{%- endmacro %}
{% macro default__re_replace_all(text, pattern, by) -%}regexp_replace({{ text }}, '{{ pattern }}', '{{ by }}', 'g'){%- endmacro %}
{% macro spark__re_replace_all(text, pattern, by) -%}regexp_replace({{ text }}, '{{ pattern | replace("\\", "\\\\") }}', '{{ by }}'){%- endmacro %}

{#- The words of a list written with 、 , ; or blanks, as a row each: for a select list. -#}
{% macro each_word(text) -%}{{ return(for_engine('each_word', adapter.dispatch('each_word', 'bank_crm'))(text)) }}{%- endmacro %}
{% macro default__each_word(text) -%}unnest(regexp_extract_all({{ text }}, '[^、，,；;\s]+')){%- endmacro %}
{% macro spark__each_word(text) -%}explode(regexp_extract_all({{ text }}, '([^、，,；;\\s]+)', 1)){%- endmacro %}
