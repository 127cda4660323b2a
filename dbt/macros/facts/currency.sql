{#-
Amounts of another currency in the bank's own: every amount of a month at the one rate of its last day
(int_currency__find_rate), rounded once, to the fen. Nothing counts where the currency has no rate: the
row says so, and qc_amount_without_exchange_rate names what is left out.
-#}

{#- Whether amounts are the bank's own money. What no list tells the currency of is taken for it. -#}
{% macro is_own_currency(currency) -%}
    coalesce({{ currency }}, '{{ var("own_currency_code") }}') = '{{ var("own_currency_code") }}'
{%- endmacro %}

{#- The currency to look a rate up by: null, which finds none and costs nothing, for the own one. -#}
{% macro foreign_currency(currency) -%}
    nullif({{ currency }}, '{{ var("own_currency_code") }}')
{%- endmacro %}

{#- An amount in yuan. The price of 100 units has four decimals: a million parts of a yuan a unit. -#}
{% macro in_yuan(amount, currency, exchange_price) -%}
    case
        when {{ is_own_currency(currency) }} then {{ amount }}
        when {{ exchange_price }} is null then cast(0 as decimal(18, 2))
        else {{ from_units(mul_div_round(
            cents(amount), 'cast((' ~ exchange_price ~ ') * 10000 as bigint)', 'cast(1000000 as bigint)'
        ), 2) }}
    end
{%- endmacro %}
