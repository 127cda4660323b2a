-- One row per customer with something to lose and month end: what he brought afterwards, how long he
-- stayed, and whether he paid.
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

followed as (
    select
        customer_key,
        month_date,
        max(month_date) over () as last_month_date,
        {{ first_month_after('is_churned_hard') }} as lost_month_date,
        sum(contribution_amount) over (
            partition by customer_key order by month_number range between 1 following and 3 following
        ) as contribution_next_3m_amount,
        sum(contribution_amount) over (
            partition by customer_key order by month_number range between 1 following and 12 following
        ) as contribution_next_12m_amount
    from month
),

lent as (
    select
        exposure.customer_key,
        exposure.month_date,
        max(case when exposure.five_class_code is not null and exposure.ead_amount > 0 then 1 else 0 end) = 1
            as is_borrower,
        max(case when bad.five_class_code is not null then 1 else 0 end) = 1 as is_defaulted
    from {{ ref('fct_exposure_month') }} as exposure
    left join {{ ref('default_class') }} as bad
        on exposure.five_class_code = bad.five_class_code
        and {{ as_at('bad', month_last('exposure.month_date')) }}
    where
        {{ month_last('exposure.month_date') }} <= {{ business_date() }}
        {%- if first_month %}
        and exposure.month_date >= {{ date_literal(first_month) }}
        {%- endif %}
    group by exposure.customer_key, exposure.month_date
),

lent_on as (
    select
        customer_key,
        month_date,
        is_borrower and not is_defaulted as may_default,
        {{ first_month_after('is_defaulted') }} as default_month_date
    from lent
),

observed as (
    select
        followed.*,
        feature.observation_date,
        coalesce(lent_on.may_default, false) as may_default,
        lent_on.default_month_date,
        {{ months_apart('followed.month_date', 'followed.last_month_date') }} as months_known
    from {{ ref('ftr_customer') }} as feature
    inner join followed
        on feature.customer_key = followed.customer_key
        and feature.observation_date = {{ month_last('followed.month_date') }}
    left join lent_on
        on followed.customer_key = lent_on.customer_key and followed.month_date = lent_on.month_date
)

select
    cast(customer_key as bigint) as customer_key,
    {%- for months in [3, 12] %}
    cast(
        case when months_known >= {{ months }} then coalesce(contribution_next_{{ months }}m_amount, 0) end
        as decimal(18, 2)
    ) as contribution_next_{{ months }}m_amount,
    {%- endfor %}
    cast({{ month_last(add_months_to('month_date', 3)) }} as date) as contribution_next_3m_known_date,
    cast({{ months_apart('month_date', 'coalesce(lost_month_date, last_month_date)') }} as int) as months_observed,
    cast(lost_month_date is not null as boolean) as is_lost,
    -- Whoever owes nothing, or is in default already, cannot come into it.
    {%- for months in [6, 12] %}
    cast(
        case
            when may_default and months_known >= {{ months }}
                then coalesce(default_month_date <= {{ add_months_to('month_date', months) }}, false)
        end as boolean
    ) as is_defaulted_in_{{ months }}m,
    {%- endfor %}
    cast({{ month_last('last_month_date') }} as date) as known_date,
    cast(observation_date as date) as observation_date
from observed
