{#- Every code is one of the list that the house has for it; '*' stands for all of them.

`codes` names for each column the entity that has the list: {level_code: customer}.
-#}
{% test expect_known_codes(model, codes) %}
{%- for column, entity in codes.items() %}
select
    '{{ column }}' as column_name,
    rule.{{ column }} as code
from {{ model }} as rule
left join {{ ref('code_name') }} as known
    on rule.{{ column }} = known.code
    and known.entity_name = '{{ entity }}'
    and known.column_name = '{{ column }}'
where rule.{{ column }} is not null and rule.{{ column }} <> '*' and known.code is null
{{ 'union all' if not loop.last }}
{%- endfor %}
{% endtest %}
