-- One row per week and owner with items in the year's plan: how many are done, late, unmeasured, open or dropped.
select
    cast(week_start_date as date) as week_start_date,
    cast(max(plan_year) as int) as plan_year,
    cast(max(iso_week) as int) as iso_week,
    cast(owner_type_code as {{ t_string() }}) as owner_type_code,
    cast(owner_id as {{ t_string() }}) as owner_id,
    cast(max(organisation_fk) as bigint) as organisation_fk,
    cast(max(team_fk) as bigint) as team_fk,
    cast(max(employee_fk) as bigint) as employee_fk,
    cast(sum(item_count) as bigint) as item_count,
    {%- for status in ['done', 'late', 'unmeasured', 'open', 'dropped'] %}
    cast(sum(case when status_code = '{{ status }}' then item_count else 0 end) as bigint) as {{ status }}_count,
    {%- endfor %}
    cast(sum(case when basis_code = 'reported' then item_count else 0 end) as bigint) as reported_count,
    cast(sum(case when is_contradicted then item_count else 0 end) as bigint) as contradicted_count,
    -- Of what is decided; null where nothing is.
    cast(
        {{ share_of(
            "sum(case when status_code = 'done' then item_count else 0 end)",
            "sum(case when status_code in ('done', 'late') then item_count else 0 end)",
        ) }} as decimal(12, 8)
    ) as done_rate
from {{ ref('fct_plan_item') }}
where refusal_code is null
group by week_start_date, owner_type_code, owner_id
