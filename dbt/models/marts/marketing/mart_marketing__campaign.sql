-- One row per campaign: contacts, responses, conversions and their cost, beside the hold-out and beside
-- undirected promotion, and the profit against what was expected.
with
-- A customer can be judged once his window is over.
member as (
    select
        member.*,
        member.window_end_date <= {{ business_date() }} as is_judged,
        member.window_end_date <= {{ business_date() }} and member.converted_date is not null as is_converted
    from {{ ref('fct_campaign_member') }} as member
),

counted as (
    select
        campaign_id,
        {%- for arm in ['treated', 'control'] %}
        sum(case when arm_code = '{{ arm }}' then 1 else 0 end) as {{ arm }}_count,
        sum(case when arm_code = '{{ arm }}' and is_judged then 1 else 0 end) as {{ arm }}_judged_count,
        sum(case when arm_code = '{{ arm }}' and is_converted then 1 else 0 end) as {{ arm }}_converted_count,
        {%- endfor %}
        sum(member_count) as member_count,
        sum(case when contacted_date is not null then 1 else 0 end) as contact_count,
        sum(case when arm_code = 'treated' and is_responded then 1 else 0 end) as response_count,
        {{ total_of('contact_cost_amount') }} as contact_cost_amount,
        {{ total_of("case when arm_code = 'treated' and is_converted then earned_amount else 0 end") }} as earned_amount
    from member
    group by campaign_id
),

measured as (
    select
        campaign.*,
        coalesce(counted.member_count, 0) as member_count,
        coalesce(counted.contact_count, 0) as contact_count,
        coalesce(counted.response_count, 0) as response_count,
        {%- for arm in ['treated', 'control'] %}
        {%- for name in ['count', 'judged_count', 'converted_count'] %}
        coalesce(counted.{{ arm }}_{{ name }}, 0) as {{ arm }}_{{ name }},
        {%- endfor %}
        {%- endfor %}
        coalesce(counted.contact_cost_amount, 0) + campaign.fixed_cost_amount as cost_amount,
        coalesce(counted.earned_amount, 0) as earned_amount,
        rule.minimum_arm_count,
        cast(rule.interval_quantile as double) as quantile
    from {{ ref('fct_campaign') }} as campaign
    inner join {{ ref('campaign_rule') }} as rule on {{ as_at('rule', 'campaign.start_date') }}
    left join counted on campaign.campaign_id = counted.campaign_id
),

-- Rates as doubles: they are estimates; what is money stays exact.
rated as (
    select
        {%- for arm in ['treated', 'control'] %}
        cast({{ arm }}_converted_count as double) / nullif({{ arm }}_judged_count, 0) as {{ arm }}_rate,
        {%- for end, side in [('low', -1), ('high', 1)] %}
        {{ share_bound(arm ~ '_converted_count', arm ~ '_judged_count', 'quantile', side) }} as {{ arm }}_{{ end }},
        {%- endfor %}
        {%- endfor %}
        measured.*
    from measured
),

-- Newcombe 1998, method 10: the interval of a difference of two shares out of theirs.
lifted as (
    select
        rated.*,
        treated_rate - control_rate as lift,
        treated_rate - control_rate
        - sqrt(power(treated_rate - treated_low, 2) + power(control_high - control_rate, 2)) as lift_low,
        treated_rate - control_rate
        + sqrt(power(treated_high - treated_rate, 2) + power(control_rate - control_low, 2)) as lift_high
    from rated
),

judged as (
    select
        lifted.*,
        {%- set worst = 'case when earned_amount < 0 then lift_high else lift_low end' %}
        {%- for lift, profit in [('lift', 'additional_profit_amount'), (worst, 'additional_profit_low_amount')] %}
        case
            when {{ lift }} > 0
                then {{ share_of_amount('earned_amount', 'cast((' ~ lift ~ ') / treated_rate as decimal(12, 8))') }}
            when {{ lift }} is not null then 0
        end - cost_amount as {{ profit }},
        {%- endfor %}
        case
            when control_count = 0 then 'no_hold_out'
            when treated_judged_count < treated_count or control_judged_count < control_count then 'running'
            when treated_count < minimum_arm_count or control_count < minimum_arm_count then 'too_few'
            when lift_low > 0 then 'more'
            when lift_high < 0 then 'less'
            else 'not_told_apart'
        end as effect_code
    from lifted
),

undirected as (
    select
        {{ amount_each('sum(cost_amount)', 'sum(contact_count)') }} as cost_per_contact_amount,
        {{ amount_each('sum(cost_amount)', 'sum(treated_converted_count)') }} as cost_per_conversion_amount
    from judged
    where targeting_code = 'undirected' and effect_code <> 'running'
)

select
    cast(judged.campaign_id as {{ t_string() }}) as campaign_id,
    cast(judged.campaign_name as {{ t_string() }}) as campaign_name,
    cast(judged.product_fk as bigint) as product_fk,
    cast(judged.targeting_code as {{ t_string() }}) as targeting_code,
    cast(judged.segment_code as {{ t_string() }}) as segment_code,
    cast(judged.segment_text as {{ t_string() }}) as segment_text,
    cast(judged.contact_way_code as {{ t_string() }}) as contact_way_code,
    cast(judged.planned_date as date) as planned_date,
    cast(judged.start_date as date) as start_date,
    cast(judged.end_date as date) as end_date,
    cast(judged.is_planned_before as boolean) as is_planned_before,
    {%- for name in ['member', 'contact', 'response', 'treated_converted', 'control', 'control_converted'] %}
    cast(judged.{{ name }}_count as bigint) as {{ name }}_count,
    {%- endfor %}
    cast(judged.budget_amount as decimal(18, 2)) as budget_amount,
    cast(judged.cost_amount as decimal(18, 2)) as cost_amount,
    cast({{ amount_each('judged.cost_amount', 'judged.contact_count') }} as decimal(18, 2))
        as cost_per_contact_amount,
    cast({{ amount_each('judged.cost_amount', 'judged.treated_converted_count') }} as decimal(18, 2))
        as cost_per_conversion_amount,
    cast(undirected.cost_per_contact_amount as decimal(18, 2)) as undirected_cost_per_contact_amount,
    cast(undirected.cost_per_conversion_amount as decimal(18, 2)) as undirected_cost_per_conversion_amount,
    cast(judged.treated_rate as decimal(12, 8)) as conversion_rate,
    cast(judged.treated_low as decimal(12, 8)) as conversion_low_rate,
    cast(judged.treated_high as decimal(12, 8)) as conversion_high_rate,
    cast(judged.control_rate as decimal(12, 8)) as control_rate,
    cast(judged.lift as decimal(12, 8)) as lift_rate,
    cast(judged.lift_low as decimal(12, 8)) as lift_low_rate,
    cast(judged.lift_high as decimal(12, 8)) as lift_high_rate,
    cast(judged.effect_code as {{ t_string() }}) as effect_code,
    cast(effect.effect_name_zh as {{ t_string() }}) as effect_name_zh,
    cast(effect.effect_name_en as {{ t_string() }}) as effect_name_en,
    cast(judged.earned_amount as decimal(18, 2)) as earned_amount,
    cast(judged.additional_profit_amount as decimal(18, 2)) as additional_profit_amount,
    cast(judged.additional_profit_low_amount as decimal(18, 2)) as additional_profit_low_amount,
    cast(coalesce(judged.effect_code = 'more' and judged.additional_profit_low_amount > 0, false) as boolean)
        as is_success,
    cast(judged.expected_profit_amount as decimal(18, 2)) as expected_profit_amount,
    cast(judged.is_expectation_changed as boolean) as is_expectation_changed,
    cast(1 as int) as campaign_count
from judged
cross join undirected
inner join {{ ref('campaign_effect') }} as effect
    on judged.effect_code = effect.effect_code and {{ as_at('effect', 'judged.start_date') }}
