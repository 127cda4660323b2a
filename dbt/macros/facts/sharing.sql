{#- The whole of an account, in the units of its holders' shares: hundred-millionths. -#}
{% macro whole_units() -%}100000000{%- endmacro %}

{#-
The part of an amount that lies between two marks of the whole, in hundred-millionths: what stands
rounded at the end of the stretch less what stood at its start. Parts of neighbouring stretches sum
to the whole amount, and each is within a fen of its exact share.
-#}
{% macro part_between(amount, from_units, to_units) -%}
    case
        when {{ to_units }} - {{ from_units }} = {{ whole_units() }} then {{ amount }}
        else {{ amount_up_to(amount, to_units) }} - {{ amount_up_to(amount, from_units) }}
    end
{%- endmacro %}
{% macro amount_up_to(amount, units) -%}
    {{ from_units(mul_div_round(cents(amount), units, 'cast(' ~ whole_units() ~ ' as bigint)'), 2) }}
{%- endmacro %}
