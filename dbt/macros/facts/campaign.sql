{#-
Wilson's interval of a share, as DOUBLE: the side is -1 or 1. Null where nobody was counted.
-#}
{% macro share_bound(hits, trials, quantile, side) -%}
    case
        when {{ trials }} > 0 then (
            ({{ hits }} + power({{ quantile }}, 2) / 2.0) / ({{ trials }} + power({{ quantile }}, 2))
            + {{ side }} * {{ quantile }} / ({{ trials }} + power({{ quantile }}, 2)) * sqrt(
                cast({{ hits }} as double) * ({{ trials }} - {{ hits }}) / {{ trials }}
                + power({{ quantile }}, 2) / 4.0
            )
        )
    end
{%- endmacro %}

{#- Money for each of a count of things; null where there is none. -#}
{% macro amount_each(amount, number) -%}
    case when {{ number }} > 0 then {{ from_units(div_units(cents(amount), number), 2) }} end
{%- endmacro %}
