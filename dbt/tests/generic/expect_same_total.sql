{#-
The model and another table agree on a total: `expression` over this one, `other_expression` over
the other, to the last fen. Both empty counts as agreement.
-#}
{% test expect_same_total(
    model, expression, other, other_expression=none, among='1 = 1', other_among='1 = 1'
) %}
with here as (
    select coalesce(cast({{ expression }} as decimal(38, 2)), 0) as total
    from {{ model }}
    where {{ among }}
),

there as (
    select coalesce(cast({{ other_expression or expression }} as decimal(38, 2)), 0) as total
    from {{ other }}
    where {{ other_among }}
)

select here.total as this_total, there.total as other_total
from here
cross join there
where here.total <> there.total
{% endtest %}
