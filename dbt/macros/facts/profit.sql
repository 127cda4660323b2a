{#-
A sum of amounts, narrow again. A sum of DECIMAL(18,2) is 38 digits wide, and every later step on 128
bits is slow: turning it into whole fen takes DuckDB forty times as long. Overflow stops the night.
-#}
{% macro total_of(amount) -%}cast(sum({{ amount }}) as decimal(18, 2)){%- endmacro %}

{#-
a * b / d in whole numbers, rounded half away from zero, with a of any size: a is taken apart into
whole d and the rest, so that nothing passes 2^63 and no number of 128 bits is divided (DuckDB takes
microseconds for one, a second for a hundred thousand rows). d > 0, and 2 * d * abs(b) below 9.2e18.
-#}
{% macro mul_div_round(a, b, d) -%}
    (
        case when (({{ a }}) < 0) <> (({{ b }}) < 0) then -1 else 1 end
        * (
            {{ idiv('abs(' ~ a ~ ')', d) }} * abs({{ b }})
            + {{ idiv('2 * mod(abs(' ~ a ~ '), ' ~ d ~ ') * abs(' ~ b ~ ') + ' ~ d, '2 * (' ~ d ~ ')') }}
        )
    )
{%- endmacro %}

{#-
What a rate brings on balances over some days, to the fen: yuan-days times the rate over the days of
the year, in whole numbers, rounded once. 0 where there is no rate: the row says so.
A rate of more than 125 % a year would overflow, and stop the night.
-#}
{% macro accrued_on(balance_days, rate, day_basis) -%}
    case
        when {{ rate }} is null or {{ day_basis }} is null then cast(0 as decimal(18, 2))
        else {{ from_units(mul_div_round(
            cents(balance_days),
            'cast((' ~ rate ~ ') * 100000000 as bigint)',
            '(cast(' ~ day_basis ~ ' as bigint) * 100000000)',
        ), 2) }}
    end
{%- endmacro %}

{#- An average balance: yuan-days over days, to the fen. Null where there are no days. -#}
{% macro average_over(balance_days, days) -%}
    case
        when {{ days }} > 0
            then {{ from_units(div_units(cents(balance_days), days), 2) }}
    end
{%- endmacro %}

{#-
Part over whole of two amounts, eight decimals, half away from zero; null where the whole is not
above nothing. Long division in two steps of four digits: exact up to a whole of 4.6e12 yuan.
-#}
{% macro ratio_of(part, whole) -%}
    {%- set n = 'abs(' ~ cents(part) ~ ')' -%}
    {%- set d = cents(whole) -%}
    {%- set rest = 'mod(' ~ n ~ ', ' ~ d ~ ') * 10000' -%}
    {%- set last_rest = 'mod(' ~ rest ~ ', ' ~ d ~ ') * 10000' -%}
    case
        when {{ whole }} > 0
            then {{ from_units(
                'case when (' ~ part ~ ') < 0 then -1 else 1 end * ('
                ~ idiv(n, d) ~ ' * 100000000 + ' ~ idiv(rest, d) ~ ' * 10000 + '
                ~ idiv('2 * ' ~ last_rest ~ ' + ' ~ d, '2 * ' ~ d) ~ ')', 8) }}
    end
{%- endmacro %}

{#- Part over whole of two counts, eight decimals; null where the whole is 0. -#}
{% macro share_of(part, whole) -%}
    case when {{ whole }} > 0 then {{ from_units(div_units(part, whole, 8), 8) }} end
{%- endmacro %}

{#-
A share of an amount, to the fen: amount times rate, over `parts` of equal size where a year's rate is
asked for a month. Eight decimals of the rate count; a rate times parts above 30 would overflow. Most
amounts of most lines are nothing, and nothing is reckoned for them.
-#}
{% macro share_of_amount(amount, rate, parts=1) -%}
    case
        when ({{ amount }}) = 0 then cast(0 as decimal(18, 2))
        else {{ from_units(mul_div_round(
            cents(amount), 'cast((' ~ rate ~ ') * 100000000 as bigint)', 'cast(' ~ parts * 100000000 ~ ' as bigint)'
        ), 2) }}
    end
{%- endmacro %}
