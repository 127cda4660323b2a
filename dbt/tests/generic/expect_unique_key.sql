{#-
Each combination of the columns occurs once, and none of them is null. With partition_column and
grain only the night's touched partitions are read: the others were proved when they were built.
With looks_everywhere the keys found there are counted over all partitions, for a key that a
partition is no part of; a night that builds everything counts those that meet `sample`.
-#}
{% test expect_unique_key(
    model, columns, partition_column=none, grain='day', looks_everywhere=false, sample='1 = 1'
) %}
{%- set read = touched(partition_column, grain, always=True) if partition_column else '1 = 1' %}
{%- if looks_everywhere %}
{%- set found = 'select ' ~ columns[0] ~ ' from ' ~ model ~ ' where ' ~ read %}
{%- set read = sample if read == '1 = 1' else columns[0] ~ ' in (' ~ found ~ ')' %}
{%- endif %}
select
    {{ columns | join(', ') }},
    count(*) as row_count
from {{ model }}
where {{ read }}
group by {{ columns | join(', ') }}
having count(*) > 1 or {{ columns | join(' is null or ') }} is null
{% endtest %}
