{#-
The rows of a delivered list, one per key and business date, as a sub-select. Should a key come
twice on one business date, the last row of the batch of the greatest precedence counts, as in
scd2().
-#}
{% macro last_of_day(relation, key, columns) -%}
    (
        select {{ (key + columns) | join(', ') }}, business_date, batch_precedence, batch_id, source_row
        from (
            select
                {{ (key + columns) | join(', ') }},
                business_date,
                batch_precedence,
                batch_id,
                source_row,
                row_number() over (
                    partition by {{ key | join(', ') }}, business_date
                    order by
                        batch_precedence desc nulls last,
                        batch_id desc nulls last,
                        source_row desc nulls last
                ) as nth_of_day
            from {{ relation }}
            where business_date <= {{ business_date() }}
        ) as numbered
        where nth_of_day = 1
    )
{%- endmacro %}
