{#-
Each combination of the columns occurs once, and none of them is null. With partition_column and
grain only the night's touched partitions are read: the others were proved when they were built.
With looks_everywhere the keys found there are counted over all partitions, for a key that a
partition is no part of; a night that builds everything counts those that meet `sample`.
-#}
{% test expect_unique_key(
    model, columns, partition_column=none, grain='day', looks_everywhere=false, sample='1 = 1'
) %}
{%- set in_touched = touched(partition_column, grain, always=True) if partition_column else '1 = 1' %}
select
    {{ columns | join(', ') }},
    count(*) as row_count
from {{ model }}
where
    {%- if not looks_everywhere %}
    {{ in_touched }}
    {%- elif in_touched == '1 = 1' %}
    {{ sample }}
    {%- else %}
    {{ columns[0] }} in (select {{ columns[0] }} from {{ model }} where {{ in_touched }})
    {%- endif %}
group by {{ columns | join(', ') }}
having count(*) > 1 or {{ columns | join(' is null or ') }} is null
{% endtest %}
