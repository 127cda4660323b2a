{#- Every value of the column is a member of the other table; null is allowed only if said so. -#}
{% test expect_referenced(
    model, column_name, to, field, allow_null=False, partition_column=none, grain='day'
) %}
with child as (
    select distinct {{ column_name }} as member
    from {{ model }}
    where {{ touched(partition_column, grain, always=True) if partition_column else '1 = 1' }}
),

parent as (
    select distinct {{ field }} as member
    from {{ to }}
)

select child.member
from child
left join parent on child.member = parent.member
where parent.member is null{{ ' and child.member is not null' if allow_null }}
{% endtest %}
