-- One row per customer with something to lose, month end and label, where it is known: whether the
-- customer was lost in the months that the label looks at.
{{ partitioned_from_month('observation_date') }}
{%- set first_month = label_rebuilt_from('ftr_customer_label', label_reach_months()) %}
with month as (
    select
        rolling.customer_key,
        rolling.month_date,
        rolling.is_churned_hard,
        coalesce(rolling.is_churned_soft, false) as is_churned_soft,
        rolling.base_average_amount as base_amount,
        case when rolling.base_average_amount is not null then rolling.month_date end as judged_date,
        flow.deposit_average_amount,
        coalesce(tier.tier_number, 0) as tier_number,
        coalesce(tier.change_code = 'down', false) as is_moved_down
    from {{ ref('fct_customer_rolling_month') }} as rolling
    left join {{ ref('fct_customer_tier_month') }} as tier
        on rolling.customer_key = tier.customer_key
        and rolling.month_date = tier.month_date
        and tier.tier_rule_set_code = '{{ var("base_tier_rule_set") }}'
    left join {{ ref('fct_customer_month') }} as flow
        on rolling.customer_key = flow.customer_key and rolling.month_date = flow.month_date
    where
        {{ month_last('rolling.month_date') }} <= {{ business_date() }}
        {%- if first_month %}
        and rolling.month_date >= {{ date_literal(first_month) }}
        {%- endif %}
),

-- When each thing happens next, and up to when anybody could tell.
followed as (
    select
        customer_key,
        month_date,
        deposit_average_amount,
        is_churned_soft,
        tier_number,
        {{ first_month_after('is_churned_hard') }} as next_hard_date,
        {{ first_month_after('is_churned_soft') }} as next_soft_date,
        {{ first_month_after('is_moved_down') }} as next_down_date,
        max(month_date) over (partition by customer_key) as last_month_date,
        min(judged_date) over (partition by customer_key) as first_judged_date,
        max(judged_date) over (partition by customer_key) as last_judged_date,
        max(case when tier_number > 0 then month_date end) over (partition by customer_key)
            as last_tier_date
    from month
),

lowest as (
    select min(tier_number) as tier_number
    from {{ ref('tier_rule') }}
    where tier_rule_set_code = '{{ var("base_tier_rule_set") }}'
),

observed as (
    select
        followed.*,
        feature.observation_date,
        coalesce(followed.tier_number > lowest.tier_number, false) as may_fall,
        -- Nobody could tell yet, but by the first base that there is he had lost as much on the day.
        followed.first_judged_date = followed.next_soft_date
        and followed.deposit_average_amount <= first_judged.base_amount * rule.balance_ratio_rate as has_drifted
    from {{ ref('ftr_customer') }} as feature
    inner join followed
        on feature.customer_key = followed.customer_key
        and feature.observation_date = {{ month_last('followed.month_date') }}
    cross join lowest
    left join month as first_judged
        on followed.customer_key = first_judged.customer_key
        and followed.first_judged_date = first_judged.month_date
    left join {{ ref('churn_rule') }} as rule
        on rule.rule_code = 'soft' and {{ as_at('rule', 'followed.month_date') }}
),

-- Whoever drifts away already can only be lost for good, and the lowest tier has none below it.
labelled as (
    select
        observed.customer_key,
        observed.observation_date,
        observed.month_date,
        rule.label_code,
        {{ add_months_to('observed.month_date', 'rule.gap_months') }} as gap_date,
        {{ add_months_to('observed.month_date', 'rule.gap_months + rule.horizon_months') }} as horizon_date,
        case rule.kind_code
            when 'hard' then observed.next_hard_date
            when 'soft' then observed.next_soft_date
            when 'tier' then observed.next_down_date
            when 'any'
                then
                    case
                        when observed.is_churned_soft then observed.next_hard_date
                        else least(
                                coalesce(observed.next_hard_date, observed.next_soft_date),
                                coalesce(observed.next_soft_date, observed.next_hard_date)
                            )
                    end
        end as event_month_date,
        case rule.kind_code
            when 'hard' then observed.last_month_date
            when 'tier' then observed.last_tier_date
            else observed.last_judged_date
        end as last_known_date,
        -- What was judged in the last of the months alone may have begun at any time.
        rule.kind_code in ('hard', 'tier')
        or (
            observed.first_judged_date
            < {{ add_months_to('observed.month_date', 'rule.gap_months + rule.horizon_months') }}
            and (coalesce(not observed.has_drifted, true) or observed.next_hard_date < observed.next_soft_date)
        ) as is_judged
    from observed
    inner join {{ ref('churn_label_rule') }} as rule on {{ as_at('rule', 'observed.observation_date') }}
    where
        (rule.kind_code <> 'soft' or not observed.is_churned_soft)
        and (rule.kind_code <> 'tier' or observed.may_fall)
)

select
    cast(customer_key as bigint) as customer_key,
    cast(label_code as {{ t_string() }}) as label_code,
    cast(coalesce(event_month_date <= horizon_date, false) as boolean) as is_event,
    cast(case when event_month_date <= horizon_date then event_month_date end as date) as event_month_date,
    cast({{ month_last('horizon_date') }} as date) as known_date,
    cast(observation_date as date) as observation_date
from labelled
where
    -- Nothing is known before the last month is over, and of whoever is lost within the gap nobody could have
    -- known in time to act.
    last_known_date >= horizon_date
    and is_judged
    and coalesce(event_month_date > gap_date, true)
