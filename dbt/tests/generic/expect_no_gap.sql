{#- Where a version of a key ends, the next one begins: no day between without a version. -#}
{% test expect_no_gap(model, key, valid_from='valid_from_date', valid_to='valid_to_date') %}
with ordered as (
    select
        {{ key | join(', ') }},
        {{ valid_to }} as ends_date,
        lead({{ valid_from }}) over (
            partition by {{ key | join(', ') }}
            order by {{ valid_from }} nulls last, {{ valid_to }} nulls last
        ) as next_starts_date
    from {{ model }}
)

select *
from ordered
where next_starts_date is not null and next_starts_date <> ends_date
{% endtest %}
