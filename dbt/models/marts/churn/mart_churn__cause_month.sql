-- One row per month, theme and population of customers: how many expected leavers the theme accounts for.
{{ config(tags=['after_scores']) }}
with theme as (
    select distinct
        theme_code,
        theme_name_zh,
        theme_name_en,
        is_cause
    from {{ ref('feature_name') }}
)

select
    cast(cause.month_date as date) as month_date,
    cast(cause.observation_date as date) as observation_date,
    cast(cause.model_version as {{ t_string() }}) as model_version,
    cast(cause.theme_code as {{ t_string() }}) as theme_code,
    cast(theme.theme_name_zh as {{ t_string() }}) as theme_name_zh,
    cast(theme.theme_name_en as {{ t_string() }}) as theme_name_en,
    cast(theme.is_cause as boolean) as is_cause,
    cast(cause.population_code as {{ t_string() }}) as population_code,
    cast(cause.customer_count as bigint) as customer_count,
    cast(cause.expected_count as double) as expected_count,
    cast(cause.pushed_count as bigint) as pushed_count,
    cast(cause.accounted_count as double) as accounted_count,
    cast(cause.kept_count as double) as kept_count,
    cast(cause.accounted_count / nullif(cause.expected_count, 0) as double) as accounted_rate
from {{ ref('fct_churn_cause_month') }} as cause
inner join theme on cause.theme_code = theme.theme_code
