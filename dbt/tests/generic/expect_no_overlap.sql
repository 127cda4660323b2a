{#- The validity intervals of a key are not empty and never overlap. -#}
{% test expect_no_overlap(model, key, valid_from='valid_from_date', valid_to='valid_to_date') %}
with ordered as (
    select
        {{ key | join(', ') }},
        {{ valid_from }} as starts_date,
        {{ valid_to }} as ends_date,
        lead({{ valid_from }}) over (
            partition by {{ key | join(', ') }}
            order by {{ valid_from }} nulls last, {{ valid_to }} nulls last
        ) as next_starts_date
    from {{ model }}
)

select *
from ordered
where starts_date is null or ends_date is null
    or ends_date <= starts_date
    or ends_date > next_starts_date
{% endtest %}
