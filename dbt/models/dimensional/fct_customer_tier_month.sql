-- One row per customer, rule set of the tiers and month: the tier that he holds, and whether he is on watch.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('fct_customer_tier_month') %}
{%- set keys = ['customer_key', 'tier_rule_set_code'] %}
{#- The tier that the months before give: the first one, a fall when the watch is over, a rise that waited. -#}
{%- set limit = 'rule.below_months_before_watch + rule.watch_months' %}
{%- set opening %}
case
            when walked.tier_number is null then judged.reached_number
            when walked.below_months_count >= {{ limit }} then least(walked.tier_number, judged.best_number)
            when rule.is_up_at_once then walked.tier_number
            else greatest(walked.tier_number, coalesce(judged.last_number, walked.tier_number))
        end
{%- endset %}
{#- A running month raises nobody and counts against nobody until it is over. -#}
{%- set held = 'case when rule.is_up_at_once and judged.is_month_over then greatest(' ~ opening
    ~ ', judged.reached_number) else ' ~ opening ~ ' end' %}
{%- set carried_below -%}
case
            when {{ opening }} = walked.tier_number and walked.below_months_count < {{ limit }}
                then walked.below_months_count
            else 0
        end
{%- endset %}
with recursive judged as (
    select * from {{ ref('int_tier__judge_month') }}
),

-- What the walk starts from: the month before the rebuilt ones, or nothing where a customer begins.
carried as (
    {%- if first_month %}
    select
        {{ keys | join(', ') }},
        month_date,
        tier_number,
        below_months_count
    from {{ this }}
    where month_date = {{ date_literal(month_before(first_month, 1)) }}
    {%- else %}
    select
        cast(null as bigint) as customer_key,
        cast(null as {{ t_string() }}) as tier_rule_set_code,
        cast(null as date) as month_date,
        cast(null as int) as tier_number,
        cast(null as int) as below_months_count
    where 1 = 0
    {%- endif %}
),

known as (
    select
        {{ keys | join(', ') }},
        month_date
    from judged
    union all
    select
        {{ keys | join(', ') }},
        month_date
    from carried
),

start as (
    select
        {{ keys | join(', ') }},
        month_date,
        tier_number,
        below_months_count
    from carried
    union all
    select
        judged.customer_key,
        judged.tier_rule_set_code,
        cast({{ add_months_to('judged.month_date', -1) }} as date) as month_date,
        cast(null as int) as tier_number,
        cast(0 as int) as below_months_count
    from judged
    left join known
        on judged.customer_key = known.customer_key
        and judged.tier_rule_set_code = known.tier_rule_set_code
        and known.month_date = {{ add_months_to('judged.month_date', -1) }}
    where known.customer_key is null
),

walked as (
    select
        {{ keys | join(', ') }},
        month_date,
        cast(null as int) as earlier_number,
        tier_number,
        below_months_count
    from start
    union all
    select
        judged.customer_key,
        judged.tier_rule_set_code,
        judged.month_date,
        walked.tier_number as earlier_number,
        cast({{ held }} as int) as tier_number,
        cast(case
            when not judged.is_month_over then {{ carried_below }}
            when judged.reached_number < {{ held }} then {{ carried_below }} + 1
            else 0
        end as int) as below_months_count
    from walked
    inner join judged
        on walked.customer_key = judged.customer_key
        and walked.tier_rule_set_code = judged.tier_rule_set_code
        and judged.month_date = {{ add_months_to('walked.month_date', 1) }}
    left join {{ ref('tier_rule') }} as rule
        on walked.tier_rule_set_code = rule.tier_rule_set_code
        and walked.tier_number = rule.tier_number
        and {{ as_at('rule', 'judged.observation_date') }}
)

select
    cast(judged.customer_fk as bigint) as customer_fk,
    cast(walked.customer_key as bigint) as customer_key,
    cast(walked.tier_rule_set_code as {{ t_string() }}) as tier_rule_set_code,
    cast(judged.days_count as int) as days_count,
    cast(judged.aum_average_amount as decimal(18, 2)) as aum_average_amount,
    cast(judged.reached_tier_code as {{ t_string() }}) as reached_tier_code,
    cast(held.tier_code as {{ t_string() }}) as tier_code,
    cast(walked.tier_number as int) as tier_number,
    cast(case
        when walked.earlier_number is null then 'first'
        when walked.tier_number > walked.earlier_number then 'up'
        when walked.tier_number < walked.earlier_number then 'down'
        else 'kept'
    end as {{ t_string() }}) as change_code,
    cast(walked.below_months_count as int) as below_months_count,
    -- Three months below, say, and the fourth is a month of watch, unless it reaches the tier at its end.
    cast(
        walked.below_months_count > 0
        and walked.below_months_count + case when judged.is_month_over then 0 else 1 end
        > held.below_months_before_watch as boolean
    ) as is_watched,
    cast(walked.month_date as date) as month_date
from walked
inner join judged
    on walked.customer_key = judged.customer_key
    and walked.tier_rule_set_code = judged.tier_rule_set_code
    and walked.month_date = judged.month_date
left join {{ ref('tier_rule') }} as held
    on walked.tier_rule_set_code = held.tier_rule_set_code
    and walked.tier_number = held.tier_number
    and {{ as_at('held', 'judged.observation_date') }}
