{#-
The place of every node of a delivered tree, as a sub-select: one row per node and delivery.

    from {{ tree_places('unit', id='organisation_id', parent='parent_organisation_id', name='organisation_name') }} as place

Columns: business_date, id, depth (1 at the top), level_1_name to level_5_name (the names from the
top down to the node itself, null below it), path_text (the ids from the top, by '/'), and
is_parent_broken: the parent is not in the delivery, or leads back to the node. Such a node stands
at the top, so that whatever is booked there still counts once.

A fixed number of self-joins: recursion is not on every engine, and would not end on a cycle. A
node deeper than the fifth level has depth 6 and no names below the fifth: a test finds it.
`relation` has one row per business_date and id.
-#}
{% macro tree_places(relation, id, parent, name) -%}
    {%- set levels = 5 -%}
    (
        with
        node as (
            select business_date, {{ id }} as node_id, {{ parent }} as parent_id, {{ name }} as node_name
            from {{ relation }}
        ),
        walked as (
            select
                node_0.business_date,
                node_0.node_id,
                node_0.node_name,
                node_0.parent_id,
                node_0.parent_id is not null and (
                    node_1.node_id is null
                    {%- for step in range(1, levels + 1) %}
                    or coalesce(node_{{ step }}.node_id = node_0.node_id, false)
                    {%- endfor %}
                ) as is_parent_broken
            from node as node_0
            {%- for step in range(1, levels + 1) %}
            left join node as node_{{ step }}
                on node_{{ step - 1 }}.business_date = node_{{ step }}.business_date
                and node_{{ step - 1 }}.parent_id = node_{{ step }}.node_id
            {%- endfor %}
        ),
        mended as (
            select
                business_date,
                node_id,
                node_name,
                is_parent_broken,
                case when not is_parent_broken then parent_id end as parent_id
            from walked
        ),
        climbed as (
            select
                node_0.business_date,
                node_0.is_parent_broken,
                {%- for step in range(levels + 1) %}
                node_{{ step }}.node_id as node_{{ step }}_id,
                node_{{ step }}.node_name as node_{{ step }}_name,
                {%- endfor %}
                1
                {%- for step in range(1, levels + 1) %}
                + case when node_{{ step }}.node_id is not null then 1 else 0 end
                {%- endfor %} as depth
            from mended as node_0
            {%- for step in range(1, levels + 1) %}
            left join mended as node_{{ step }}
                on node_{{ step - 1 }}.business_date = node_{{ step }}.business_date
                and node_{{ step - 1 }}.parent_id = node_{{ step }}.node_id
            {%- endfor %}
        )
        select
            business_date,
            node_0_id as {{ id }},
            depth,
            {%- for level in range(1, levels + 1) %}
            case
                {%- for depth in range(level, levels + 1) %}
                when depth = {{ depth }} then node_{{ depth - level }}_name
                {%- endfor %}
            end as level_{{ level }}_name,
            {%- endfor %}
            concat_ws(
                '/'
                {%- for step in range(levels, -1, -1) %}, node_{{ step }}_id{% endfor -%}
            ) as path_text,
            is_parent_broken
        from climbed
    )
{%- endmacro %}
