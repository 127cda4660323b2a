-- One row per model, role and month: the month's last scoring held against training and against what came true.
{{ partitioned_from_month('month_date') }}
{{ config(tags=['after_scores']) }}
{%- set first_month = rebuilt_from('fct_model_month', unfinished='1 = 0') %}
with {{ findings_of_month(
    ref('stg_ml__model_month'),
    key=['model_name', 'role', 'observation_date'],
    figures=[
        'model_name', 'role', 'observation_date', 'model_version', 'scored_count', 'moved_feature_name',
        'moved_feature_index', 'moved_feature_count', 'filled_feature_count', 'score_index', 'cohort_from_date',
        'cohort_to_date', 'cohort_count', 'cohort_event_count', 'foretold_rate', 'seen_rate', 'calibration_slope',
        'auc', 'objections', 'unjudged', 'is_passed', 'is_held',
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
    cast(scored_count as bigint) as scored_count,
    cast(moved_feature_name as {{ t_string() }}) as moved_feature_name,
    cast(round(moved_feature_index, 9) as double) as moved_feature_index,
    cast(moved_feature_count as bigint) as moved_feature_count,
    cast(filled_feature_count as bigint) as filled_feature_count,
    cast(round(score_index, 9) as double) as score_index,
    cast(cohort_from_date as date) as cohort_from_date,
    cast(cohort_to_date as date) as cohort_to_date,
    cast(cohort_count as bigint) as cohort_count,
    cast(cohort_event_count as bigint) as cohort_event_count,
    cast(round(foretold_rate, 9) as double) as foretold_rate,
    cast(round(seen_rate, 9) as double) as seen_rate,
    cast(round(calibration_slope, 9) as double) as calibration_slope,
    cast(round(auc, 9) as double) as auc,
    cast(objections as {{ t_string() }}) as objections,
    cast(unjudged as {{ t_string() }}) as unjudged,
    cast(is_passed as boolean) as is_passed,
    cast(is_held as boolean) as is_held
from latest
