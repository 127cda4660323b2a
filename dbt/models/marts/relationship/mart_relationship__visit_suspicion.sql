-- One row per contact attempt that calls for a look, and per one that somebody decided about.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('fct_visit', unfinished='1 = 0', back_months=1) %}
with ranked as (
    select
        suspicion.visit_fk,
        suspicion.total_log_odds,
        indicator.indicator_name_zh,
        indicator.indicator_name_en,
        suspicion.contribution_log_odds,
        row_number() over (
            partition by suspicion.visit_fk
            order by suspicion.contribution_log_odds desc, suspicion.indicator_code
        ) as reason_rank
    from {{ ref('fct_visit_suspicion') }} as suspicion
    inner join {{ ref('suspicion_indicator') }} as indicator
        on suspicion.indicator_code = indicator.indicator_code
        and suspicion.indicator_value >= indicator.lower_value
        and suspicion.indicator_value < indicator.upper_value
        and {{ as_at('indicator', 'suspicion.visited_date') }}
    where suspicion.indicator_code <> 'prior' and {{ in_rebuilt('suspicion.month_date', first_month) }}
),

summed as (
    select
        visit_fk,
        {%- for rank in [1, 2, 3] %}
        max(case when reason_rank = {{ rank }} and contribution_log_odds > 0 then indicator_name_zh end)
            as reason_{{ rank }}_name_zh,
        max(case when reason_rank = {{ rank }} and contribution_log_odds > 0 then indicator_name_en end)
            as reason_{{ rank }}_name_en,
        {%- endfor %}
        max(total_log_odds) as total_log_odds
    from ranked
    group by visit_fk
)

select
    cast(visit.visit_pk as bigint) as visit_fk,
    cast(customer.customer_key as bigint) as customer_key,
    cast(employee.employee_id as {{ t_string() }}) as employee_id,
    cast(employee.employee_name as {{ t_string() }}) as employee_name,
    cast(team.team_name as {{ t_string() }}) as team_name,
    cast(district.district_name as {{ t_string() }}) as district_name,
    cast(visit.visited_date as date) as visited_date,
    cast(visit.visited_time as {{ t_string() }}) as visited_time,
    cast(visit.entered_date as date) as entered_date,
    cast(visit.visit_way_code as {{ t_string() }}) as visit_way_code,
    cast(visit.duration_minutes as int) as duration_minutes,
    cast(summed.total_log_odds as decimal(9, 4)) as total_log_odds,
    cast(1.0 / (1.0 + exp(-cast(summed.total_log_odds as double))) as double) as suspicion_score,
    cast(summed.total_log_odds >= threshold.threshold_value as boolean) as is_to_be_looked_at,
    {%- for rank in [1, 2, 3] %}
    cast(summed.reason_{{ rank }}_name_zh as {{ t_string() }}) as reason_{{ rank }}_name_zh,
    cast(summed.reason_{{ rank }}_name_en as {{ t_string() }}) as reason_{{ rank }}_name_en,
    {%- endfor %}
    cast(visit.denied_date as date) as denied_date,
    cast(visit.verdict_code as {{ t_string() }}) as verdict_code,
    cast(visit.decided_date as date) as decided_date,
    cast(visit.is_valid as boolean) as is_valid,
    cast(visit.month_date as date) as month_date
from summed
inner join {{ ref('fct_visit') }} as visit on summed.visit_fk = visit.visit_pk
inner join {{ ref('review_threshold') }} as threshold
    on threshold.review_code = 'visit_suspicion' and {{ as_at('threshold', 'visit.visited_date') }}
inner join {{ ref('dim_customer') }} as customer on visit.customer_fk = customer.customer_pk
inner join {{ ref('dim_employee') }} as employee on visit.employee_fk = employee.employee_pk
inner join {{ ref('dim_team') }} as team on visit.team_fk = team.team_pk
inner join {{ ref('dim_district') }} as district on visit.district_fk = district.district_pk
where summed.total_log_odds >= threshold.threshold_value or visit.verdict_code is not null
