{#-
The parts of each group sum to the total: a fixed number (shares: 1), or a column that is the same
in every row of the group. `among` narrows the rows, `group_by` lists the columns of a group.
-#}
{% test expect_parts_sum_to_total(model, part, total, group_by, among='1 = 1') %}
select
    {{ group_by | join(', ') }},
    sum({{ part }}) as parts_sum,
    max({{ total }}) as expected_total
from {{ model }}
where {{ among }}
group by {{ group_by | join(', ') }}
having sum({{ part }}) <> max({{ total }}) or sum({{ part }}) is null
{% endtest %}
