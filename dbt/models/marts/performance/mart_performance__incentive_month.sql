-- One row per team or employee and month with a fine or reward: how many, what they come to, and what is owed.
{% set types = ['fine', 'reward'] %}
{% set statuses = ['proposed', 'confirmed', 'appealed', 'reversed', 'cancelled'] %}
with summed as (
    select
        subject_type_code,
        subject_id,
        month_date,
        case when subject_type_code = 'team' then subject_id end as team_id,
        case when subject_type_code = 'employee' then subject_id end as employee_id,
        {%- for type in types %}
        {%- for status in statuses if type == 'reward' or status != 'cancelled' %}
        sum(case when incentive_type_code = '{{ type }}' and status_code = '{{ status }}' then 1 else 0 end)
            as {{ type }}_{{ status }}_count,
        {%- endfor %}
        {{ total_of("case when incentive_type_code = '" ~ type ~ "' and status_code in ('proposed', 'appealed') "
            ~ "then incentive_amount else 0 end") }} as {{ type }}_open_amount,
        {{ total_of("case when incentive_type_code = '" ~ type ~ "' then owed_amount else 0 end") }}
            as {{ type }}_owed_amount,
        {%- endfor %}
        {{ total_of('owed_amount') }} as owed_amount
    from {{ ref('fct_incentive') }}
    group by subject_type_code, subject_id, month_date
),

employee as (
    {{ carried_versions(ref('dim_employee'), 'employee', 'employee_id', ['employee_name']) }}
),

team as (
    {{ carried_versions(ref('dim_team'), 'team', 'team_id', ['team_name']) }}
)

select
    cast(summed.subject_type_code as {{ t_string() }}) as subject_type_code,
    cast(summed.subject_id as {{ t_string() }}) as subject_id,
    cast(coalesce(team.team_name, employee.employee_name, 'Unassigned') as {{ t_string() }}) as subject_name,
    cast(coalesce(team.team_pk, {{ var('unassigned_pk') }}) as bigint) as team_fk,
    cast(coalesce(employee.employee_pk, {{ var('unassigned_pk') }}) as bigint) as employee_fk,
    {%- for type in types %}
    {%- for status in statuses if type == 'reward' or status != 'cancelled' %}
    cast(summed.{{ type }}_{{ status }}_count as int) as {{ type }}_{{ status }}_count,
    {%- endfor %}
    cast(summed.{{ type }}_open_amount as decimal(18, 2)) as {{ type }}_open_amount,
    cast(summed.{{ type }}_owed_amount as decimal(18, 2)) as {{ type }}_owed_amount,
    {%- endfor %}
    cast(summed.owed_amount as decimal(18, 2)) as owed_amount,
    cast(summed.month_date as date) as month_date
from summed
left join team
    on summed.team_id = team.team_id
    and {{ as_at('team', month_reached('summed.month_date')) }}
left join employee
    on summed.employee_id = employee.employee_id
    and {{ as_at('employee', month_reached('summed.month_date')) }}
