-- One row per unit of the survey's list, by the newest list: when it was listed, asked and answered.
with unit as (
    {{ pick_latest_small(
        ref('stg_survey__frame'),
        key=['unit_id'],
        columns=['unit_id', 'district_id', 'population_type_code', 'customer_id', 'listed_date'],
        where=in_last_list(ref('stg_survey__frame')),
    ) }}
),

asked as (
    select
        unit_id,
        count(*) as form_count,
        min(issued_date) as issued_date,
        min(returned_date) as returned_date,
        min(case when is_accepted then returned_date end) as accepted_date
    from {{ ref('fct_survey_form') }}
    group by unit_id
),

district as (
    {{ carried_versions(ref('dim_district'), 'district', 'district_id') }}
)

select
    cast(unit.unit_id as {{ t_string() }}) as unit_id,
    cast(coalesce(district.district_pk, {{ var('unassigned_pk') }}) as bigint) as district_fk,
    cast(unit.population_type_code as {{ t_string() }}) as population_type_code,
    cast(unit.customer_id is not null as boolean) as is_customer,
    cast(coalesce(asked.form_count, 0) as int) as form_count,
    cast(unit.listed_date as date) as listed_date,
    cast(asked.issued_date as date) as issued_date,
    cast(asked.returned_date as date) as returned_date,
    cast(asked.accepted_date as date) as accepted_date,
    cast(1 as int) as unit_count
from unit
left join asked on unit.unit_id = asked.unit_id
left join district
    on unit.district_id = district.district_id
    and {{ as_at('district', 'coalesce(unit.listed_date, ' ~ business_date() ~ ')') }}
