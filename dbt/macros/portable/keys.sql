{#-
A whole-number key of the given columns: the first 15 hexadecimal digits (60 bits) of the md5 of
their texts. Equal on every engine, 8 bytes wide, and proved unique by a test wherever it is used.
Never of a customer's or account's source id: a bare hash of an account number is guessed in
hours. Those come in by their pseudonym (customer_key, account_key).
-#}
{% macro surrogate_key(columns) -%}
    {%- set parts = [] -%}
    {%- for column in columns -%}
        {%- do parts.append("coalesce(" ~ as_text(column) ~ ", '')") -%}
    {%- endfor -%}
    {{ return(key_from_text("concat_ws('|', " ~ parts | join(', ') ~ ")")) }}
{%- endmacro %}

{#- The 60-bit key of one text. -#}
{% macro key_from_text(text) -%}{{ return(for_engine('key_from_text', adapter.dispatch('key_from_text', 'bank_crm'))(text)) }}{%- endmacro %}
{% macro default__key_from_text(text) -%}
    cast(concat('0x', substr(md5({{ text }}), 1, 15)) as bigint)
{%- endmacro %}
{% macro spark__key_from_text(text) -%}
    cast(conv(substr(md5({{ text }}), 1, 15), 16, 10) as bigint)
{%- endmacro %}

{#-
A whole number for the state of several columns, null told from empty: two rows are in the same
state when it is equal. 60 bits; compared between neighbouring records of one key only.
-#}
{% macro state_key(columns) -%}
    {%- set parts = [] -%}
    {%- for column in columns -%}
        {%- do parts.append("coalesce(" ~ as_text(column) ~ ", '(null)')") -%}
    {%- endfor -%}
    {{ return(key_from_text("concat_ws('|', " ~ parts | join(', ') ~ ")")) }}
{%- endmacro %}
