-- One row per survey team and version, and the unassigned member.
{% set columns = {
    'team_pk': 'bigint',
    'team_id': 'string',
    'team_name': 'string',
    'district_fk': 'bigint',
    'valid_from_date': 'date',
    'valid_to_date': 'date',
    'is_current': 'boolean',
} %}
with team_of_day as (
    -- The list names the team in every member's row; should they disagree, the last row counts.
    select *
    from {{ last_of_day(
        ref('stg_corebank__team_member'), key=['team_id'], columns=['team_name', 'district_id']
    ) }} as delivered
),

version as (
    select *
    from {{ scd2(
        'team_of_day', key=['team_id'], attributes=['team_name', 'district_id'], kind='snapshot'
    ) }} as tracked
),

district as (
    {{ carried_versions(ref('dim_district'), 'district', 'district_id') }}
),

team as (
    select
        {{ surrogate_key(['version.team_id', 'version.valid_from_date']) }} as team_pk,
        version.team_id,
        version.team_name,
        coalesce(district.district_pk, {{ var('unassigned_pk') }}) as district_fk,
        version.valid_from_date,
        version.valid_to_date,
        version.is_current
    from version
    left join district
        on version.district_id = district.district_id
        and {{ as_at('district', 'version.valid_from_date') }}
)

select
    {{ typed_columns(columns) }}
from team

union all

select
    {{ unassigned_member(columns) }}
