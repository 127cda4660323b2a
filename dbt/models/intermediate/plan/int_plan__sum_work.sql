-- One row per measure of the year's plan, owner and ISO week in which something was done, by the bank's own records.
{%- set owners = {
    'bank': none, 'organisation': 'organisation_id', 'team': 'team_id', 'employee': 'employee_id',
} %}
with first_week as (
    select min(plan_year) as plan_year from {{ ref('stg_planning__plan_item') }}
),

campaign as (
    select
        campaign_id,
        min(campaign_start_date) as work_date
    from {{ ref('fct_campaign_member') }}
    group by campaign_id
),

-- What counts as an opening, and whose it is, is what teams, scores and targets are told.
work as (
    select
        'visit' as measure_code,
        visited_date as work_date,
        employee_fk,
        cast(null as bigint) as organisation_fk
    from {{ ref('fct_visit') }}
    where is_valid
    union all
    select
        'account_opening' as measure_code,
        opened_date as work_date,
        employee_fk,
        organisation_fk
    from {{ ref('fct_opening') }}
    where is_counted
    union all
    select
        'survey_form' as measure_code,
        returned_date as work_date,
        employee_fk,
        cast(null as bigint) as organisation_fk
    from {{ ref('fct_survey_form') }}
    where is_accepted
    union all
    select
        'callback' as measure_code,
        called_date as work_date,
        leader_fk as employee_fk,
        cast(null as bigint) as organisation_fk
    from {{ ref('fct_callback') }}
    union all
    select
        'campaign' as measure_code,
        work_date,
        {{ var('unassigned_pk') }} as employee_fk,
        cast(null as bigint) as organisation_fk
    from campaign
),

done as (
    select
        work.measure_code,
        work.work_date,
        day.iso_year,
        day.iso_week,
        employee.employee_id,
        unit.organisation_id,
        count(*) as quantity
    from work
    inner join {{ ref('dim_date') }} as day on work.work_date = day.date_pk
    inner join first_week on day.iso_year >= first_week.plan_year
    left join {{ ref('dim_employee') }} as employee
        on work.employee_fk = employee.employee_pk and employee.employee_pk <> {{ var('unassigned_pk') }}
    -- An account counts for the unit that keeps it, other work for the unit of who did it.
    left join {{ ref('dim_organisation') }} as unit
        on coalesce(work.organisation_fk, employee.organisation_fk) = unit.organisation_pk
        and unit.organisation_pk <> {{ var('unassigned_pk') }}
    where work.work_date <= {{ business_date() }}
    group by
        work.measure_code, work.work_date, day.iso_year, day.iso_week, employee.employee_id, unit.organisation_id
),

-- An employee of two teams at a time works for the one that comes first by number.
member as (
    select
        done.employee_id,
        done.work_date,
        min(bridge.team_id) as team_id
    from done
    inner join {{ ref('bridge_team_member') }} as bridge
        on done.employee_id = bridge.employee_id and {{ as_at('bridge', 'done.work_date') }}
    group by done.employee_id, done.work_date
),

owned as (
    select
        done.measure_code,
        done.iso_year,
        done.iso_week,
        done.employee_id,
        done.organisation_id,
        member.team_id,
        done.quantity
    from done
    left join member on done.employee_id = member.employee_id and done.work_date = member.work_date
)

{% for owner, id in owners.items() -%}
select
    measure_code,
    '{{ owner }}' as owner_type_code,
    {{ id or 'cast(null as ' ~ t_string() ~ ')' }} as owner_id,
    iso_year,
    iso_week,
    sum(quantity) as quantity
from owned
{%- if id %}
where {{ id }} is not null
{%- endif %}
group by measure_code, {{ id ~ ', ' if id }}iso_year, iso_week
{%- if not loop.last %}
union all
{% endif %}
{%- endfor %}
