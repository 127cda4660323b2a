-- One row per customer level and period in which a customer of the level is to be visited.
{%- set first_month = rebuilt_from('fct_visit_requirement', unfinished='not is_period_over', back_months=1) %}
with period as (
    select
        'week' as period_type,
        week_start_date as period_start_date,
        {{ add_days('week_start_date', 6) }} as period_end_date,
        sum(case when is_working_day then 1 else 0 end) as working_days_count
    from {{ ref('dim_date') }}
    group by week_start_date
    union all
    select
        'month' as period_type,
        month_date as period_start_date,
        {{ month_last('month_date') }} as period_end_date,
        sum(case when is_working_day then 1 else 0 end) as working_days_count
    from {{ ref('dim_date') }}
    group by month_date
),

-- Nothing is asked for from before the month of the first visit that the bank delivered: there was
-- no ledger to enter it in. A bank without fieldwork has no requirements.
fieldwork as (
    select {{ month_first('min(visited_date)') }} as first_month_date
    from {{ ref('stg_fieldwork__visit') }}
)

select
    cadence.level_code,
    period.period_type,
    period.period_start_date,
    period.period_end_date,
    {{ month_first('period.period_end_date') }} as month_date,
    cadence.required_count,
    cadence.minimum_gap_days,
    cadence.due_after_days,
    coalesce(period.working_days_count < exemption.minimum_working_days, false) as is_exempt,
    period.period_end_date <= {{ business_date() }} as is_period_over
from period
inner join fieldwork on period.period_start_date >= fieldwork.first_month_date
inner join {{ ref('visit_cadence') }} as cadence
    on period.period_type = cadence.period_type and {{ as_at('cadence', 'period.period_start_date') }}
left join {{ ref('visit_exemption') }} as exemption
    on period.period_type = exemption.period_type
    and {{ as_at('exemption', 'period.period_start_date') }}
where
    -- Also what begins tomorrow: tonight's plan is for tomorrow.
    period.period_start_date <= {{ add_days(business_date(), 1) }}
    {%- if first_month %}
    and period.period_end_date >= {{ date_literal(first_month) }}
    {%- endif %}
