-- One row per campaign, month and tenth of its customers by uplift: who converted in both groups.
{{ partitioned_from_month('month_date') }}
{{ config(tags=['after_scores']) }}
{%- set first_month = rebuilt_from('fct_campaign_tenth_month', unfinished='1 = 0') %}
{%- set figures = [
    'campaign_id', 'observation_date', 'tenth', 'treated_count', 'treated_converted_count', 'control_count',
    'control_converted_count', 'mean_uplift',
] %}
with {{ findings_of_month(
    ref('stg_ml__campaign_tenth'), key=['campaign_id', 'observation_date', 'tenth'], figures=figures, first_month=first_month,
) }}

select
    cast({{ month_first('observation_date') }} as date) as month_date,
    cast(campaign_id as {{ t_string() }}) as campaign_id,
    cast(observation_date as date) as observation_date,
    cast(tenth as int) as tenth,
    cast(treated_count as bigint) as treated_count,
    cast(treated_converted_count as bigint) as treated_converted_count,
    cast(control_count as bigint) as control_count,
    cast(control_converted_count as bigint) as control_converted_count,
    cast(round(mean_uplift, 9) as double) as mean_uplift
from latest
