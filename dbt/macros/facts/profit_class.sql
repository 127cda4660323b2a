{#-
The classes of profit_class as ranks of a month, one row per month and class: its customers rank above
from_rank and up to to_rank (a part of a customer counts as one), and bring minimum_amount; last_number
and last_class_code are the class of those who do not. `counted` has month_date and customer_count.
-#}
{% macro profit_class_bands(counted) -%}
    select
        {{ counted }}.month_date,
        rule.profit_class_code,
        rule.class_number,
        rule.minimum_amount,
        max(rule.class_number) over (partition by {{ counted }}.month_date) as last_number,
        max(case when rule.maximum_rank_share >= 1 then rule.profit_class_code end)
            over (partition by {{ counted }}.month_date) as last_class_code,
        {%- for side, bound in [('from', 'minimum'), ('to', 'maximum')] %}
        {{ idiv(
            'cast(rule.' ~ bound ~ '_rank_share * 100000000 as bigint) * ' ~ counted ~ '.customer_count + 99999999',
            'cast(100000000 as bigint)'
        ) }} as {{ side }}_rank{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ counted }}
    inner join {{ ref('profit_class') }} as rule on {{ as_at('rule', counted ~ '.month_date') }}
{%- endmacro %}

{#- The class whose band a rank lies in, the last one for whoever brings less than it asks for. -#}
{% macro class_of_rank(amount, class) -%}
    case
        when {{ amount }} >= {{ class }}.minimum_amount then {{ class }}.profit_class_code
        when {{ amount }} is not null then {{ class }}.last_class_code
    end
{%- endmacro %}
