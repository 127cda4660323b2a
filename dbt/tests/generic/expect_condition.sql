{#- The condition, in SQL about one row, is true of every row; unknown counts as false. -#}
{% test expect_condition(model, condition, among='1 = 1', partition_column=none, grain='day') %}
select *
from {{ model }}
where
    ({{ among }})
    and not coalesce({{ condition }}, false)
    and {{ touched(partition_column, grain, always=True) if partition_column else '1 = 1' }}
{% endtest %}
