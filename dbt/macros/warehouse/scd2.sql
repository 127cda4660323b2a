{#-
Versions of the members of a delivered list, as a sub-select: slowly changing dimension, type 2.

    from {{ scd2(ref('stg_corebank__customer'), key=['customer_id'], attributes=[...]) }} as version

kind='change': a delivery holds the records that changed; absence means nothing.
kind='snapshot': a delivery holds the whole list; a key that the next delivery lacks is closed on
    that delivery's business date, and opens anew should it come back.
scope: columns whose first delivery opens at the beginning of time; the key unless said otherwise.
    A joint owner who comes months after the account is not an owner of the months before.
among: a condition on the delivered rows.
deleted: a condition on a delivered row that ends its key's validity on its business date, instead
    of opening a version; a later record of the key opens one anew.

`relation` has business_date, batch_precedence, batch_id and source_row beside them, as every staging model has.

Columns: key, attributes, valid_from_date (inclusive), valid_to_date (exclusive), is_current.

The first version of a key opens at the beginning of time (1900-01-01), since the source's first
word about a member says nothing of when that became true; later ones at the business date of the
delivery that brought them. Records repeated without a change make no version. Should a record
come twice on one business date, the last row of the batch of the greatest precedence counts.
Deliveries that arrive late are sorted in by their business date, whenever they came.
-#}
{% macro scd2(relation, key, attributes, kind='change', scope=none, among='1 = 1', deleted=none) -%}
    {%- if kind not in ('change', 'snapshot') -%}
        {{ exceptions.raise_compiler_error("scd2(): kind is 'change' or 'snapshot', not '" ~ kind ~ "'") }}
    {%- endif -%}
    {%- set own_names = [
        'business_date', 'batch_precedence', 'batch_id', 'source_row', 'valid_from_date',
        'valid_to_date', 'is_current',
    ] -%}
    {%- for name in key + attributes if name in own_names or name.startswith('scd2_') -%}
        {{ exceptions.raise_compiler_error("scd2(): " ~ name ~ " is a name of its own, not an attribute") }}
    {%- endfor -%}
    {%- set by_key = 'partition by ' ~ key | join(', ') ~ ' order by business_date nulls last' -%}
    (
        with
        -- The windows carry keys and a number for the state only; the attributes come in at the end.
        delivered as (
            select
                {{ key | join(', ') }},
                business_date,
                coalesce(batch_precedence, '') as scd2_batch_precedence,
                coalesce(batch_id, '') as scd2_batch_id,
                coalesce(source_row, 0) as scd2_source_row,
                {% if deleted -%}
                -- No state has this number; whatever else the source wrote beside a delete is void.
                case when {{ deleted }} then -1 else {{ state_key(attributes) }} end as scd2_state_key
                {%- else -%}
                {{ state_key(attributes) }} as scd2_state_key
                {%- endif %}
            from {{ relation }}
            where business_date <= {{ business_date() }} and ({{ among }})
        ),
        numbered as (
            select
                delivered.*,
                row_number() over (
                    partition by {{ key | join(', ') }}, business_date
                    order by scd2_batch_precedence desc, scd2_batch_id desc, scd2_source_row desc
                ) as scd2_nth_of_day
            from delivered
        ),
        {% if kind == 'change' -%}
        {{ scd2_change_ctes(by_key) }},
        {%- else -%}
        {{ scd2_snapshot_ctes(relation, by_key) }},
        {%- endif %}
        {%- if scope %}
        scope_first as (
            select {{ scope | join(', ') }}, min(business_date) as scd2_first_date
            from delivered
            group by {{ scope | join(', ') }}
        ),
        {%- endif %}
        opened_first as (
            select
                opened.*,
                opened.scd2_previous_key is null
                {%- if scope %} and opened.business_date = scope_first.scd2_first_date{% endif %}
                    as scd2_is_first
            from opened
            {%- if scope %}
            inner join scope_first on {% for name in scope -%}
                opened.{{ name }} = scope_first.{{ name }}{{ ' and ' if not loop.last }}
            {%- endfor %}
            {%- endif %}
        )
        select
            {%- for name in key + attributes %}
            record.{{ name }},
            {%- endfor %}
            case
                when opened_first.scd2_is_first then {{ first_valid_date() }}
                else opened_first.business_date
            end as valid_from_date,
            coalesce(opened_first.scd2_closed_date, {{ open_valid_date() }}) as valid_to_date,
            opened_first.scd2_closed_date is null as is_current
        from opened_first
        inner join {{ relation }} as record
            on opened_first.business_date = record.business_date
            and opened_first.scd2_batch_id = coalesce(record.batch_id, '')
            and opened_first.scd2_source_row = coalesce(record.source_row, 0)
            {%- for name in key %}
            and opened_first.{{ name }} = record.{{ name }}
            {%- endfor %}
        {%- if deleted %}
        where opened_first.scd2_state_key <> -1
        {%- endif %}
    )
{%- endmacro %}

{#- A version lasts until the next record of the key that differs. -#}
{% macro scd2_change_ctes(by_key) -%}
        compared as (
            select
                numbered.*,
                lag(scd2_state_key) over ({{ by_key }}) as scd2_previous_key
            from numbered
            where scd2_nth_of_day = 1
        ),
        opened as (
            select
                compared.*,
                lead(business_date) over ({{ by_key }}) as scd2_closed_date
            from compared
            where scd2_previous_key is null or scd2_previous_key <> scd2_state_key
        )
{%- endmacro %}

{#- A version lasts until the first delivery in which the key differs or is missing. -#}
{% macro scd2_snapshot_ctes(relation, by_key) -%}
        delivery_day as (
            select distinct business_date
            from {{ relation }}
            where business_date <= {{ business_date() }}
        ),
        delivery as (
            select
                business_date as delivery_date,
                lead(business_date) over (order by business_date nulls last) as scd2_next_date
            from delivery_day
        ),
        compared as (
            select
                numbered.*,
                delivery.scd2_next_date,
                lag(scd2_state_key) over ({{ by_key }}) as scd2_previous_key,
                lag(scd2_next_date) over ({{ by_key }}) as scd2_previous_next_date
            from numbered
            inner join delivery on numbered.business_date = delivery.delivery_date
            where scd2_nth_of_day = 1
        ),
        -- The delivery after the key's last record: its last version ends there; null while it is
        -- still on the list.
        ended as (
            select
                compared.*,
                last_value(scd2_next_date) over (
                    {{ by_key }} rows between unbounded preceding and unbounded following
                ) as scd2_date_after_last
            from compared
        ),
        started as (
            select *
            from ended
            where scd2_previous_key is null
                or scd2_previous_key <> scd2_state_key
                or scd2_previous_next_date <> business_date
        ),
        opened as (
            select
                started.*,
                -- What followed the last record before the next version began: that version's own
                -- start, or earlier where the key was missing in between.
                case
                    when lead(business_date) over ({{ by_key }}) is not null
                        then lead(scd2_previous_next_date) over ({{ by_key }})
                    else scd2_date_after_last
                end as scd2_closed_date
            from started
        )
{%- endmacro %}

{#- Joins a version as at a date: {{ as_at('manager', 'visit.visited_date') }}. -#}
{% macro as_at(version, date) -%}
    {{ date }} >= {{ version }}.valid_from_date and {{ date }} < {{ version }}.valid_to_date
{%- endmacro %}
