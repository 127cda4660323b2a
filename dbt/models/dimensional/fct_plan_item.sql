-- One row per item of the year's plan, by the newest list: what was planned, what was done, and who says so.
with item as (
    {{ pick_latest_small(
        ref('stg_planning__plan_item'),
        key=['item_id'],
        columns=[
            'item_id', 'plan_year', 'iso_week', 'item_text', 'owner_type_code', 'owner_id', 'measure_code',
            'target_quantity', 'reported_quantity', 'status_code', 'document_number', 'document_date',
        ],
        where=in_last_list(ref('stg_planning__plan_item')),
    ) }}
),

week as (
    select
        iso_year,
        iso_week,
        min(date_pk) as week_start_date,
        max(date_pk) as week_end_date
    from {{ ref('dim_date') }}
    group by iso_year, iso_week
),

organisation as (
    {{ carried_versions(ref('dim_organisation'), 'organisation', 'organisation_id') }}
),

team as (
    {{ carried_versions(ref('dim_team'), 'team', 'team_id') }}
),

employee as (
    {{ carried_versions(ref('dim_employee'), 'employee', 'employee_id') }}
),

owned as (
    select
        item.*,
        case when owner_type_code in ('bank', 'organisation') then owner_id end as organisation_id,
        case when owner_type_code = 'team' then owner_id end as team_id,
        case when owner_type_code = 'employee' then owner_id end as employee_id
    from item
),

planned as (
    select
        item.*,
        week.week_start_date,
        week.week_end_date,
        organisation.organisation_pk,
        team.team_pk,
        employee.employee_pk,
        rule.basis_code,
        rule.required_rate,
        coalesce(rule.basis_code = 'fact' and week.week_start_date >= measured.first_date, false) as is_measured,
        work.quantity as work_quantity,
        row_number() over (
            partition by
                item.plan_year, item.iso_week, item.owner_type_code, item.owner_id, item.measure_code, item.item_text
            order by item.item_id
        ) as nth
    from owned as item
    left join week on item.plan_year = week.iso_year and item.iso_week = week.iso_week
    left join {{ ref('plan_rule') }} as rule
        on item.measure_code = rule.measure_code
        and {{ as_at('rule', 'coalesce(week.week_start_date, ' ~ business_date() ~ ')') }}
    left join {{ ref('int_plan__find_first_day') }} as measured on item.measure_code = measured.measure_code
    left join {{ ref('int_plan__sum_work') }} as work
        on item.measure_code = work.measure_code
        and item.owner_type_code = work.owner_type_code
        and (item.owner_type_code = 'bank' or item.owner_id = work.owner_id)
        and item.plan_year = work.iso_year
        and item.iso_week = work.iso_week
    left join organisation
        on item.organisation_id = organisation.organisation_id
        and {{ as_at('organisation', 'week.week_start_date') }}
    left join team on item.team_id = team.team_id and {{ as_at('team', 'week.week_start_date') }}
    left join employee
        on item.employee_id = employee.employee_id and {{ as_at('employee', 'week.week_start_date') }}
),

-- Nobody's work is not counted, nor is that of weeks before the records of the measure begin, unless they hold
-- enough all the same: what was not delivered may have been done.
counted as (
    select
        planned.*,
        case
            when week_start_date is null then 'unknown_week'
            when coalesce(organisation_pk, team_pk, employee_pk) is null then 'unknown_owner'
            when nth > 1 then 'repeated'
        end as refusal_code,
        case
            when coalesce(organisation_pk, team_pk, employee_pk) is null then null
            when basis_code <> 'fact' then reported_quantity
            when
                week_start_date <= {{ business_date() }}
                and (is_measured or work_quantity >= target_quantity * required_rate)
                then coalesce(work_quantity, 0)
        end as actual_quantity
    from planned
),

judged as (
    select
        counted.*,
        coalesce(actual_quantity >= target_quantity * required_rate, false) as is_reached,
        coalesce(week_end_date < {{ business_date() }}, false) as is_week_over
    from counted
)

select
    cast(item_id as {{ t_string() }}) as item_id,
    cast(plan_year as int) as plan_year,
    cast(iso_week as int) as iso_week,
    cast(week_start_date as date) as week_start_date,
    cast(week_end_date as date) as week_end_date,
    cast(item_text as {{ t_string() }}) as item_text,
    cast(owner_type_code as {{ t_string() }}) as owner_type_code,
    cast(owner_id as {{ t_string() }}) as owner_id,
    cast(coalesce(organisation_pk, {{ var('unassigned_pk') }}) as bigint) as organisation_fk,
    cast(coalesce(team_pk, {{ var('unassigned_pk') }}) as bigint) as team_fk,
    cast(coalesce(employee_pk, {{ var('unassigned_pk') }}) as bigint) as employee_fk,
    cast(measure_code as {{ t_string() }}) as measure_code,
    cast(basis_code as {{ t_string() }}) as basis_code,
    cast(target_quantity as decimal(18, 4)) as target_quantity,
    cast(actual_quantity as decimal(18, 4)) as actual_quantity,
    cast(reported_quantity as decimal(18, 4)) as reported_quantity,
    cast(status_code as {{ t_string() }}) as reported_status_code,
    cast(
        case
            when refusal_code is not null then 'refused'
            when status_code = 'dropped' then 'dropped'
            when is_reached then 'done'
            when not is_week_over then 'open'
            when basis_code = 'fact' and not is_measured then 'unmeasured'
            else 'late'
        end as {{ t_string() }}
    ) as status_code,
    cast(refusal_code as {{ t_string() }}) as refusal_code,
    -- Its owner says that it is done, and the records say less.
    cast(
        refusal_code is null and is_measured and coalesce(status_code = 'done', false) and not is_reached
        as boolean
    ) as is_contradicted,
    cast(document_number as {{ t_string() }}) as document_number,
    cast(document_date as date) as document_date,
    cast(1 as int) as item_count
from judged
