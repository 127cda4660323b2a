-- One row per campaign that is over and month: whether a list in the order of uplift gains more than one by lot.
{{ partitioned_from_month('month_date') }}
{{ config(tags=['after_scores']) }}
{%- set first_month = rebuilt_from('fct_campaign_uplift_month', unfinished='1 = 0') %}
{%- set figures = [
    'campaign_id', 'observation_date', 'treated_count', 'control_count', 'qini', 'qini_low', 'qini_high',
    'lot_difference', 'lot_difference_column',
    'note_zh', 'note_en',
] %}
with {{ findings_of_month(
    ref('stg_ml__campaign_uplift'), key=['campaign_id', 'observation_date'], figures=figures, first_month=first_month,
) }}

select
    cast({{ month_first('observation_date') }} as date) as month_date,
    cast(campaign_id as {{ t_string() }}) as campaign_id,
    cast(observation_date as date) as observation_date,
    cast(treated_count as bigint) as treated_count,
    cast(control_count as bigint) as control_count,
    cast(round(qini, 9) as double) as qini,
    cast(round(qini_low, 9) as double) as qini_low,
    cast(round(qini_high, 9) as double) as qini_high,
    cast(round(lot_difference, 9) as double) as lot_difference,
    cast(lot_difference_column as {{ t_string() }}) as lot_difference_column,
    cast(note_zh as {{ t_string() }}) as note_zh,
    cast(note_en as {{ t_string() }}) as note_en
from latest
