-- One row per customer with something to lose and observation date: what became of him within three months.
{{ partitioned_from_month('observation_date') }}
{% set horizon_months = 3 %}
{%- set later_amounts = [] %}
{%- for number in range(1, horizon_months + 1) %}
{%- do later_amounts.append('coalesce(later_' ~ number ~ '.contribution_amount, 0)') %}
{%- endfor %}
{%- set first_month = rebuilt_from(
    'ftr_customer_label',
    unfinished='observation_date < ' ~ month_last('observation_date'),
    back_months=horizon_months,
    column='observation_date',
) %}
with observed as (
    select
        customer_key,
        observation_date,
        {{ month_first('observation_date') }} as month_date,
        {{ add_months_to(month_first('observation_date'), horizon_months) }} as horizon_month_date
    from {{ ref('ftr_customer') }}
    {%- if first_month %}
    where observation_date >= {{ date_literal(first_month) }}
    {%- endif %}
),

-- Of a running month nothing follows yet, and nothing is known before the last month is over.
known as (
    select
        observed.*,
        observation_date = {{ month_last('observation_date') }}
        and {{ month_last('horizon_month_date') }} <= {{ business_date() }} as is_known
    from observed
)

select
    cast(known.customer_key as bigint) as customer_key,
    -- What happens next, not what has happened: whoever drifts away already can only be lost for
    -- good. Null too where the months before were never delivered: without a base nobody can be judged.
    cast(
        case
            when known.is_known and horizon.base_average_amount is not null
                then
                    horizon.is_churned_hard
                    or (
                        coalesce(horizon.is_churned_soft, false)
                        and not coalesce(today.is_churned_soft, false)
                    )
        end as boolean
    ) as is_churned_in_3m,
    cast(
        case
            when known.is_known
                then {{ later_amounts | join(' + ') }}
        end as decimal(18, 2)
    ) as contribution_next_3m_amount,
    cast(known.observation_date as date) as observation_date
from known
left join {{ ref('fct_customer_rolling_month') }} as today
    on known.customer_key = today.customer_key and known.month_date = today.month_date
left join {{ ref('fct_customer_rolling_month') }} as horizon
    on known.customer_key = horizon.customer_key and known.horizon_month_date = horizon.month_date
{%- for number in range(1, horizon_months + 1) %}
left join {{ ref('fct_customer_month') }} as later_{{ number }}
    on known.customer_key = later_{{ number }}.customer_key
    and {{ add_months_to('known.month_date', number) }} = later_{{ number }}.month_date
{%- endfor %}
