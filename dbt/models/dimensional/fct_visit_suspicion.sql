-- One row per contact attempt and indicator that says something about whether it was made up.
{{ partitioned_from_month('month_date') }}
{%- set indicators = [
    'prior', 'denied_callback', 'start_time', 'round_time', 'round_duration', 'short_on_site',
    'answer_length', 'answer_copied', 'next_step_copied', 'impossible_sequence',
    'month_end_bunching', 'late_entry',
] %}
with measured as (
    select
        visit_pk,
        {%- for indicator in indicators %}
        cast({{ indicator }}_value as bigint) as {{ indicator }}_value,
        {%- endfor %}
        visited_date
    from {{ ref('int_visit__measure_suspicion') }}
),

listed as (
    select
        visit_pk,
        visited_date,
        {{ each_column(indicators, '_value', 'indicator_code', 'indicator_value') }}
    from measured
),

weighed as (
    select
        listed.visit_pk,
        listed.indicator_code,
        listed.indicator_value,
        rule.log_odds
    from listed
    inner join {{ ref('suspicion_indicator') }} as rule
        on listed.indicator_code = rule.indicator_code
        and listed.indicator_value >= rule.lower_value
        and listed.indicator_value < rule.upper_value
        and {{ as_at('rule', 'listed.visited_date') }}
)

select
    cast(weighed.visit_pk as bigint) as visit_fk,
    cast(weighed.indicator_code as {{ t_string() }}) as indicator_code,
    cast(visit.customer_fk as bigint) as customer_fk,
    cast(visit.employee_fk as bigint) as employee_fk,
    cast(visit.team_fk as bigint) as team_fk,
    cast(visit.district_fk as bigint) as district_fk,
    cast(visit.visited_date as date) as visited_date,
    cast(weighed.indicator_value as bigint) as indicator_value,
    cast(weighed.log_odds as decimal(9, 4)) as contribution_log_odds,
    cast(sum(weighed.log_odds) over (partition by weighed.visit_pk) as decimal(9, 4)) as total_log_odds,
    cast(visit.month_date as date) as month_date
from weighed
inner join {{ ref('fct_visit') }} as visit on weighed.visit_pk = visit.visit_pk
where visit.employee_fk <> {{ var('unassigned_pk') }}
