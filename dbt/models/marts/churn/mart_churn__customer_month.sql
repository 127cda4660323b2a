-- One row per customer and month since the customer was registered.
{{ partitioned_from_month('month_date') }}
{{ config(tags=['after_scores']) }}
{%- set first_month = rebuilt_from('mart_churn__customer_month') %}
with {{ told_reasons("told.model_name in ('churn', 'value') and " ~ in_rebuilt('told.month_date', first_month)) }},

activity as (
    select
        rolling.customer_key,
        rolling.customer_fk,
        rolling.month_date,
        rolling.observation_date,
        rolling.days_count,
        rolling.is_churned_hard,
        rolling.is_churned_soft,
        rolling.has_something_to_lose,
        rolling.base_average_amount,
        rolling.recent_average_amount,
        rolling.balance_change_rate,
        month.open_account_count,
        rolling.customer_transaction_90d_count,
        month.last_customer_transaction_date,
        rolling.visit_90d_count,
        rolling.complaint_90d_count,
        customer.manager_fk,
        customer.organisation_fk
    from {{ ref('fct_customer_rolling_month') }} as rolling
    inner join {{ ref('fct_customer_month') }} as month
        on rolling.customer_key = month.customer_key and rolling.month_date = month.month_date
    left join {{ ref('dim_customer') }} as customer on rolling.customer_fk = customer.customer_pk
    where {{ in_rebuilt('rolling.month_date', first_month) }}
),

reason as (
    {{ raising_reasons() }}
)

select
    cast(activity.customer_key as bigint) as customer_key,
    cast(activity.customer_fk as bigint) as customer_fk,
    cast(activity.observation_date as date) as observation_date,
    cast(activity.days_count as int) as days_count,
    cast(coalesce(activity.manager_fk, {{ var('unassigned_pk') }}) as bigint) as manager_fk,
    cast(coalesce(activity.organisation_fk, {{ var('unassigned_pk') }}) as bigint)
        as organisation_fk,
    cast(activity.has_something_to_lose as boolean) as has_something_to_lose,
    cast(activity.is_churned_hard as boolean) as is_churned_hard,
    cast(activity.is_churned_soft as boolean) as is_churned_soft,
    cast(activity.base_average_amount as decimal(18, 2)) as base_average_amount,
    cast(activity.recent_average_amount as decimal(18, 2)) as recent_average_amount,
    cast(activity.balance_change_rate as decimal(18, 8)) as balance_change_rate,
    cast(activity.open_account_count as int) as active_account_count,
    cast(activity.customer_transaction_90d_count as bigint) as customer_transaction_90d_count,
    cast(activity.last_customer_transaction_date as date) as last_customer_transaction_date,
    cast(activity.visit_90d_count as bigint) as visit_90d_count,
    cast(activity.complaint_90d_count as bigint) as complaint_90d_count,
    cast(churn.score as double) as churn_score,
    cast(churn.score_low as double) as churn_score_low,
    cast(churn.score_high as double) as churn_score_high,
    cast(churn.scored_rank as bigint) as churn_rank,
    cast(churn.scored_decile as int) as churn_decile,
    cast(churn.model_version as {{ t_string() }}) as churn_model_version,
    {%- for rank in [1, 2, 3] %}
    cast(churn_reason.reason_{{ rank }}_zh as {{ t_string() }}) as churn_reason_{{ rank }}_zh,
    cast(churn_reason.reason_{{ rank }}_en as {{ t_string() }}) as churn_reason_{{ rank }}_en,
    {%- endfor %}
    cast(value.score as double) as value_score,
    cast(value.score_low as double) as value_score_low,
    cast(value.score_high as double) as value_score_high,
    cast(value.scored_rank as bigint) as value_rank,
    cast(value.scored_decile as int) as value_decile,
    cast(value.model_version as {{ t_string() }}) as value_model_version,
    {%- for rank in [1, 2, 3] %}
    cast(value_reason.reason_{{ rank }}_zh as {{ t_string() }}) as value_reason_{{ rank }}_zh,
    cast(value_reason.reason_{{ rank }}_en as {{ t_string() }}) as value_reason_{{ rank }}_en,
    {%- endfor %}
    cast(least(
        coalesce(churn.observation_date, value.observation_date),
        coalesce(value.observation_date, churn.observation_date)
    ) as date) as scored_date,
    cast(activity.month_date as date) as month_date
from activity
left join {{ ref('fct_customer_score') }} as churn
    on activity.customer_key = churn.customer_key
    and activity.month_date = churn.month_date
    and churn.model_name = 'churn'
left join {{ ref('fct_customer_score') }} as value
    on activity.customer_key = value.customer_key
    and activity.month_date = value.month_date
    and value.model_name = 'value'
left join reason as churn_reason
    on activity.customer_key = churn_reason.customer_key
    and activity.month_date = churn_reason.month_date
    and churn_reason.model_name = 'churn'
left join reason as value_reason
    on activity.customer_key = value_reason.customer_key
    and activity.month_date = value_reason.month_date
    and value_reason.model_name = 'value'
