-- One row per model, role, month and feature: how far the feature of the month's last scoring is from training.
{{ partitioned_from_month('month_date') }}
{{ config(tags=['after_scores']) }}
{%- set first_month = rebuilt_from('fct_model_feature_month', unfinished='1 = 0') %}
with {{ findings_of_month(
    ref('stg_ml__model_feature_month'),
    key=['model_name', 'role', 'observation_date', 'feature_name'],
    figures=[
        'model_name', 'role', 'observation_date', 'model_version', 'feature_name', 'finding_code', 'whole_index',
        'recorded_index', 'value_index', 'training_missing_share', 'missing_share', 'training_nil_share', 'nil_share',
    ],
    first_month=first_month,
    per=['model_name', 'role'],
) }}

select
    cast({{ month_first('observation_date') }} as date) as month_date,
    cast(model_name as {{ t_string() }}) as model_name,
    cast(role as {{ t_string() }}) as role,
    cast(observation_date as date) as observation_date,
    cast(model_version as {{ t_string() }}) as model_version,
    cast(feature_name as {{ t_string() }}) as feature_name,
    cast(finding_code as {{ t_string() }}) as finding_code,
    cast(round(whole_index, 9) as double) as whole_index,
    cast(round(recorded_index, 9) as double) as recorded_index,
    cast(round(value_index, 9) as double) as value_index,
    cast(round(training_missing_share, 9) as double) as training_missing_share,
    cast(round(missing_share, 9) as double) as missing_share,
    cast(round(training_nil_share, 9) as double) as training_nil_share,
    cast(round(nil_share, 9) as double) as nil_share
from latest
