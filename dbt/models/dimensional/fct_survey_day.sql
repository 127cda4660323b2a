-- One row per district, population and day of the survey, with all districts and all populations among
-- them: units listed, asked, returned and accepted so far.
{%- set events = ['listed', 'issued', 'returned', 'accepted'] %}
with unit as (
    select
        district.district_id,
        coalesce(unit.population_type_code, 'unknown') as population_type_code,
        unit.listed_date,
        unit.issued_date,
        unit.returned_date,
        unit.accepted_date
    from {{ ref('fct_survey_unit') }} as unit
    inner join {{ ref('dim_district') }} as district on unit.district_fk = district.district_pk
),

-- Each unit in its own cell, in those of its district and its population, and in that of all.
placed as (
    select * from unit
    union all
    select
        'all' as district_id,
        population_type_code,
        listed_date,
        issued_date,
        returned_date,
        accepted_date
    from unit
    union all
    select
        district_id,
        'all' as population_type_code,
        listed_date,
        issued_date,
        returned_date,
        accepted_date
    from unit
    union all
    select
        'all' as district_id,
        'all' as population_type_code,
        listed_date,
        issued_date,
        returned_date,
        accepted_date
    from unit
),

cell as (
    select distinct
        district_id,
        population_type_code
    from placed
),

first_day as (
    select min(issued_date) as first_date
    from unit
),

-- What happened before the first form was handed out counts on its day.
happened as (
    {%- for event in events %}
    select
        placed.district_id,
        placed.population_type_code,
        greatest(placed.{{ event }}_date, first_day.first_date) as event_date,
        '{{ event }}' as event_code
    from placed
    cross join first_day
    where placed.{{ event }}_date is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

counted as (
    select
        district_id,
        population_type_code,
        {%- for event in events %}
        sum(case when event_code = '{{ event }}' then 1 else 0 end) as {{ event }}_count,
        {%- endfor %}
        event_date
    from happened
    group by district_id, population_type_code, event_date
),

reached as (
    select
        cell.district_id,
        cell.population_type_code,
        coalesce(counted.accepted_count, 0) as accepted_on_day_count,
        {%- for event in events %}
        sum(coalesce(counted.{{ event }}_count, 0)) over (
            partition by cell.district_id, cell.population_type_code
            order by calendar.date_pk
            rows between unbounded preceding and current row
        ) as {{ event }}_count,
        {%- endfor %}
        calendar.date_pk
    from cell
    cross join first_day
    inner join {{ ref('dim_date') }} as calendar
        on first_day.first_date <= calendar.date_pk
        and calendar.date_pk <= {{ business_date() }}
    left join counted
        on cell.district_id = counted.district_id
        and cell.population_type_code = counted.population_type_code
        and calendar.date_pk = counted.event_date
),

district as (
    {{ carried_versions(ref('dim_district'), 'district', 'district_id') }}
)

select
    cast(reached.district_id as {{ t_string() }}) as district_id,
    cast(coalesce(district.district_pk, {{ var('unassigned_pk') }}) as bigint) as district_fk,
    cast(reached.population_type_code as {{ t_string() }}) as population_type_code,
    cast(reached.date_pk as date) as counted_date,
    cast(reached.listed_count as bigint) as unit_count,
    cast(reached.issued_count as bigint) as issued_count,
    cast(reached.returned_count as bigint) as returned_count,
    cast(reached.accepted_count as bigint) as accepted_count,
    cast(reached.accepted_on_day_count as bigint) as accepted_on_day_count
from reached
left join district
    on reached.district_id = district.district_id and {{ as_at('district', 'reached.date_pk') }}
