{#- None of the columns is ever null; one reading of the table for all of them. -#}
{% test expect_filled(model, columns, partition_column=none, grain='day') %}
select *
from {{ model }}
where
    ({{ columns | join(' is null or ') }} is null)
    and {{ touched(partition_column, grain, always=True) if partition_column else '1 = 1' }}
{% endtest %}
