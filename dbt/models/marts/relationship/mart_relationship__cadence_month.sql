-- One row per month, kind of subject (bank, district, team, manager or level) and subject: visits owed
-- in the periods that ended in the month, and visits that count.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('mart_relationship__cadence_month', back_months=1) %}
{%- set subjects = ['bank', 'district', 'team', 'manager', 'level'] %}
with requirement as (
    select
        'bank' as bank_id,
        '全行 Bank' as bank_name,
        district.district_id,
        district.district_name,
        team.team_id,
        team.team_name,
        manager.employee_id as manager_id,
        manager.employee_name as manager_name,
        requirement.level_code as level_id,
        requirement.level_code as level_name,
        requirement.customer_key,
        requirement.required_count,
        requirement.done_count,
        requirement.counted_count,
        requirement.overdue_days,
        requirement.max_gap_days,
        requirement.month_date
    from {{ ref('fct_visit_requirement') }} as requirement
    inner join {{ ref('dim_customer') }} as customer on requirement.customer_fk = customer.customer_pk
    inner join {{ ref('dim_district') }} as district on customer.district_fk = district.district_pk
    inner join {{ ref('dim_team') }} as team on requirement.team_fk = team.team_pk
    inner join {{ ref('dim_employee') }} as manager on requirement.manager_fk = manager.employee_pk
    where requirement.is_period_over and {{ in_rebuilt('requirement.month_date', first_month) }}
),

-- A customer of several weeks is covered when none of them is short. A subject that was renamed in the
-- month goes by one of its names.
{%- for subject in subjects %}

{{ subject }}_customer as (
    select
        '{{ subject }}' as subject_type_code,
        {{ subject }}_id as subject_id,
        max({{ subject }}_name) as subject_name,
        month_date,
        customer_key,
        sum(required_count) as required_count,
        sum(done_count) as done_count,
        sum(counted_count) as counted_count,
        max(overdue_days) as overdue_days,
        max(max_gap_days) as max_gap_days
    from requirement
    group by {{ subject }}_id, month_date, customer_key
),
{%- endfor %}

by_customer as (
    {%- for subject in subjects %}
    select * from {{ subject }}_customer
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

summed as (
    select
        subject_type_code,
        subject_id,
        max(subject_name) as subject_name,
        month_date,
        sum(case when required_count > 0 then 1 else 0 end) as customer_count,
        sum(case when required_count > 0 and counted_count = required_count then 1 else 0 end)
            as covered_customer_count,
        sum(case when required_count > 0 and done_count = 0 then 1 else 0 end) as unseen_customer_count,
        sum(required_count) as required_count,
        sum(done_count) as done_count,
        sum(counted_count) as counted_count,
        max(overdue_days) as overdue_days,
        max(max_gap_days) as max_gap_days
    from by_customer
    group by subject_type_code, subject_id, month_date
)

select
    cast(subject_type_code as {{ t_string() }}) as subject_type_code,
    cast(subject_id as {{ t_string() }}) as subject_id,
    cast(subject_name as {{ t_string() }}) as subject_name,
    cast({{ month_days('month_date') }} as int) as days_count,
    cast(required_count as bigint) as required_count,
    cast(done_count as bigint) as done_count,
    cast(counted_count as bigint) as counted_count,
    -- Null where nothing was owed.
    cast({{ share_of('counted_count', 'required_count') }} as decimal(12, 8)) as compliance_rate,
    cast(customer_count as bigint) as customer_count,
    cast(covered_customer_count as bigint) as covered_customer_count,
    cast({{ share_of('covered_customer_count', 'customer_count') }} as decimal(12, 8))
        as full_coverage_rate,
    cast(unseen_customer_count as bigint) as unseen_customer_count,
    cast(overdue_days as int) as max_overdue_days,
    cast(max_gap_days as int) as max_gap_days,
    cast(month_date as date) as month_date
from summed
