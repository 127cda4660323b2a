-- One row per customer with something to lose and month end: what he brought afterwards, and how
-- long he stayed.
{{ partitioned_from_month('observation_date') }}
{%- set first_month = label_rebuilt_from('ftr_customer_outcome') %}
with month as (
    select
        rolling.customer_key,
        rolling.month_date,
        year(rolling.month_date) * 12 + month(rolling.month_date) as month_number,
        rolling.is_churned_hard,
        coalesce(flow.contribution_amount, 0) as contribution_amount
    from {{ ref('fct_customer_rolling_month') }} as rolling
    left join {{ ref('fct_customer_month') }} as flow
        on rolling.customer_key = flow.customer_key and rolling.month_date = flow.month_date
    where
        {{ month_last('rolling.month_date') }} <= {{ business_date() }}
        {%- if first_month %}
        and rolling.month_date >= {{ date_literal(first_month) }}
        {%- endif %}
),

span as (
    select
        min(month_date) as first_month_date,
        max(month_date) as last_month_date
    from {{ ref('fct_customer_rolling_month') }}
    where {{ month_last('month_date') }} <= {{ business_date() }}
),

-- One horizon to teach and one to judge, behind the two months whose windows are cut short by the start.
horizon as (
    select max(rule.horizon_months) as horizon_months
    from {{ ref('survival_rule') }} as rule
    cross join span
    where
        {{ as_at('rule', 'span.last_month_date') }}
        and {{ months_apart('span.first_month_date', 'span.last_month_date') }} >= 2 * rule.horizon_months + 2
),

followed as (
    select
        customer_key,
        month_date,
        max(month_date) over () as last_month_date,
        {{ first_month_after('is_churned_hard') }} as lost_month_date,
        sum(contribution_amount) over (
            partition by customer_key order by month_number range between 1 following and 3 following
        ) as contribution_next_3m_amount
    from month
),

observed as (
    select
        followed.*,
        feature.observation_date,
        {{ months_apart('followed.month_date', 'followed.last_month_date') }} as months_known,
        {{ months_apart('followed.month_date', 'followed.lost_month_date') }} as lost_months,
        horizon.horizon_months
    from {{ ref('ftr_customer') }} as feature
    cross join horizon
    inner join followed
        on feature.customer_key = followed.customer_key
        and feature.observation_date = {{ month_last('followed.month_date') }}
)

select
    cast(customer_key as bigint) as customer_key,
    cast(
        case when months_known >= 3 then coalesce(contribution_next_3m_amount, 0) end as decimal(18, 2)
    ) as contribution_next_3m_amount,
    cast({{ month_last(add_months_to('month_date', 3)) }} as date) as contribution_next_3m_known_date,
    cast({{ months_apart('month_date', 'coalesce(lost_month_date, last_month_date)') }} as int) as months_observed,
    cast(lost_month_date is not null as boolean) as is_lost,
    cast(
        case
            when months_known >= horizon_months
                then least(coalesce(lost_months, horizon_months + 1), horizon_months + 1)
        end as int
    ) as lost_in_month,
    cast(
        case
            when months_known >= horizon_months then {{ month_last(add_months_to('month_date', 'horizon_months')) }}
        end as date
    ) as lost_in_month_known_date,
    cast({{ month_last('last_month_date') }} as date) as known_date,
    cast(observation_date as date) as observation_date
from observed
