{#-
Each combination of the columns occurs once, and none of them is null. With partition_column and
grain only the night's touched partitions are read: the others were proved when they were built.
-#}
{% test expect_unique_key(model, columns, partition_column=none, grain='day') %}
select
    {{ columns | join(', ') }},
    count(*) as row_count
from {{ model }}
where {{ touched(partition_column, grain, always=True) if partition_column else '1 = 1' }}
group by {{ columns | join(', ') }}
having count(*) > 1 or {{ columns | join(' is null or ') }} is null
{% endtest %}
