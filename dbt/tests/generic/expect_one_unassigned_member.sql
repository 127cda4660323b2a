{#- The dimension has exactly one "unassigned" member, so that every fact finds one. -#}
{% test expect_one_unassigned_member(model, key) %}
select count(*) as member_count
from {{ model }}
where {{ key }} = {{ var('unassigned_pk') }}
having count(*) <> 1
{% endtest %}
