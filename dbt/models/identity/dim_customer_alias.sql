-- One row per customer number and name that the survey list knows it by.
with unit as (
    {{ pick_latest_small(
        ref('stg_survey__frame'),
        key=['unit_id'],
        columns=['unit_id', 'unit_name', 'customer_id', 'population_type_code'],
        where=in_last_list(ref('stg_survey__frame')),
    ) }}
),

named as (
    select
        assigned.customer_key,
        unit.unit_name,
        min(unit.population_type_code) as population_type_code,
        min(unit.unit_id) as unit_id
    from unit
    inner join {{ ref('int_customer__assign_key') }} as assigned
        on unit.customer_id = assigned.customer_id
    group by assigned.customer_key, unit.unit_name
)

select
    cast(customer_key as bigint) as customer_key,
    cast(unit_name as {{ t_string() }}) as alias_name,
    cast(population_type_code as {{ t_string() }}) as population_type_code,
    cast(unit_id as {{ t_string() }}) as unit_id
from named
