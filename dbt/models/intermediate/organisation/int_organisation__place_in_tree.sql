-- One row per unit and delivery of the list of units, with its place in the tree of that delivery.
with unit as (
    select *
    from {{ last_of_day(
        ref('stg_corebank__organisation'),
        key=['organisation_id'],
        columns=[
            'organisation_name', 'parent_organisation_id', 'organisation_type_code', 'region_code',
            'opened_date', 'closed_date',
        ],
    ) }} as delivered
),

place as (
    select *
    from {{ tree_places(
        'unit', id='organisation_id', parent='parent_organisation_id', name='organisation_name'
    ) }} as tree
)

select
    unit.organisation_id,
    unit.organisation_name,
    unit.parent_organisation_id,
    unit.organisation_type_code,
    unit.region_code,
    unit.opened_date,
    unit.closed_date,
    place.depth,
    place.level_1_name,
    place.level_2_name,
    place.level_3_name,
    place.level_4_name,
    place.level_5_name,
    place.path_text,
    place.is_parent_broken,
    unit.business_date,
    unit.batch_precedence,
    unit.batch_id,
    unit.source_row
from unit
inner join place
    on unit.business_date = place.business_date
    and unit.organisation_id = place.organisation_id
