{#- The truth test of what borrowers declare (D01-46). -#}

{#-
A bound of what is usual, so many distances from the median to a quartile away from it: shares of
flow spread by factors, everything else by differences.
-#}
{% macro usual_bound(basis, middle, quartile, fences) -%}
    case
        when {{ basis }} <> 'flow' then {{ middle }} + cast({{ fences }} as double) * ({{ quartile }} - {{ middle }})
        when {{ middle }} > 0 then {{ middle }} * power({{ quartile }} / {{ middle }}, cast({{ fences }} as double))
    end
{%- endmacro %}

{#- What sales paid in stand for, by the share of them that peers have with us; else the peers' figure. -#}
{% macro stands_for(basis, flow, share, peer) -%}
    case
        when {{ basis }} <> 'flow' then {{ peer }}
        when {{ share }} > 0 then cast({{ from_units(div_units_wide(
            wide_units(flow, 4), wide_units(share, 4), 2
        ), 2) }} as decimal(18, 4))
    end
{%- endmacro %}

{#- A figure as people read it: whole yuan, or percent. -#}
{% macro shown_figure(basis, value) -%}
    case
        when {{ basis }} = 'flow' then {{ as_text('cast(' ~ value ~ ' as decimal(18, 0))') }}
        else {{ as_text('cast(' ~ value ~ ' * 100 as decimal(9, 1))') }}
    end
{%- endmacro %}
