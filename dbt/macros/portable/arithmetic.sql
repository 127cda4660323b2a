{#-
Whole-number arithmetic. Doubles are the only thing that makes two engines differ by a cent, so
money is divided and multiplied in whole fen only, and comes back as DECIMAL.
-#}

{#- Whole part of a / b, both whole numbers, b not 0. -#}
{% macro idiv(a, b) -%}{{ return(for_engine('idiv', adapter.dispatch('idiv', 'bank_crm'))(a, b)) }}{%- endmacro %}
{% macro default__idiv(a, b) -%}(({{ a }}) // ({{ b }})){%- endmacro %}
{% macro spark__idiv(a, b) -%}(({{ a }}) div ({{ b }})){%- endmacro %}

{#- The least whole number not below a / b, a not below 0; null where b is 0 or null. -#}
{% macro whole_quotient_up(a, b) -%}
    case when {{ b }} > 0 then {{ idiv('(' ~ a ~ ') + (' ~ b ~ ') - 1', b) }} end
{%- endmacro %}

{#-
A yuan amount in whole fen. Narrow first: a difference of two DECIMAL(18,2) has 19 digits, a sum of them 38, and
neither fits 64 bits, in which DuckDB multiplies ten times as fast.
-#}
{% macro cents(amount) -%}cast(cast({{ amount }} as decimal(18, 2)) * 100 as bigint){%- endmacro %}

{#-
A decimal in whole units of 10^-scale, as wide as a sum or a product may grow: 38 digits.
wide_units('interest_rate', 8) is 3450000 for 0.0345.
-#}
{% macro wide_units(value, scale) -%}
    cast(cast({{ value }} as decimal(28, {{ scale }})) * {{ 10 ** scale }} as decimal(38, 0))
{%- endmacro %}

{#-
n / d in whole units of 10^-scale, rounded half away from zero. n and d are whole numbers, d > 0.
BIGINT: 2 * n * 10^scale + d must stay below 9.2e18; beyond that use div_units_wide.
-#}
{% macro div_units(n, d, scale=0) -%}
    (case when ({{ n }}) < 0 then -1 else 1 end * {{ idiv(
        '2 * abs(' ~ n ~ ') * ' ~ 10 ** scale ~ ' + (' ~ d ~ ')', '2 * (' ~ d ~ ')'
    ) }})
{%- endmacro %}

{#-
div_units for numbers of up to 38 digits: totals of a bank, products of amount, rate and days. The
result, in units of 10^-scale, is BIGINT again.
-#}
{% macro div_units_wide(n, d, scale=0) -%}{{ return(for_engine('div_units_wide', adapter.dispatch('div_units_wide', 'bank_crm'))(n, d, scale)) }}{%- endmacro %}
{% macro default__div_units_wide(n, d, scale) -%}
    (case when ({{ n }}) < 0 then -1 else 1 end * cast(
        (2 * abs(cast({{ n }} as hugeint)) * {{ 10 ** scale }} + cast({{ d }} as hugeint))
        // (2 * cast({{ d }} as hugeint)) as bigint
    ))
{%- endmacro %}
{% macro spark__div_units_wide(n, d, scale) -%}
    (case when ({{ n }}) < 0 then -1 else 1 end * (
        (2 * abs(cast({{ n }} as decimal(36, 0))) * {{ 10 ** scale }} + cast({{ d }} as decimal(36, 0)))
        div (2 * cast({{ d }} as decimal(36, 0)))
    ))
{%- endmacro %}

{#- A whole number of 10^-scale units as DECIMAL(precision, scale): from_units('fen', 2) is yuan. -#}
{% macro from_units(n, scale, precision=18) -%}
    cast(({{ n }}) * cast(0.{{ '0' * (scale - 1) }}1 as decimal({{ scale + 1 }}, {{ scale }}))
        as decimal({{ precision }}, {{ scale }}))
{%- endmacro %}
