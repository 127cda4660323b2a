-- One row per month, product and currency of deposits without maturity: how much of their balance is
-- core, by what the months before it showed.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('fct_core_share_month') %}
{%- set told = ['minimum_change_count', 'maximum_change_count', 'horizon_months', 'confidence_quantile'] %}
{%- set told = told + ['interval_quantile', 'minimum_share_rate', 'maximum_share_rate'] %}
with moved as (
    select
        later.month_date,
        later.product_id,
        later.currency_code,
        later.level_units - earlier.level_units as change_units
    from {{ ref('int_pricing__sum_balance') }} as later
    inner join {{ ref('int_pricing__sum_balance') }} as earlier
        on later.product_id = earlier.product_id
        and later.currency_code = earlier.currency_code
        and later.month_date = {{ add_months_to('earlier.month_date', 1) }}
        and earlier.is_whole
),

ruled as (
    select
        path.month_date,
        path.product_id,
        path.currency_code,
        path.balance_days_amount,
        path.days_count,
        {%- for name in told %}
        rule.{{ name }},
        {%- endfor %}
        row_number() over (
            partition by path.month_date, path.product_id, path.currency_code
            order by case when rule.product_id = '*' then 1 else 0 end, rule.product_id
        ) as rule_rank
    from {{ ref('int_pricing__sum_balance') }} as path
    left join {{ ref('core_share_rule') }} as rule
        on {{ as_at('rule', 'path.month_date') }} and rule.product_id in ('*', path.product_id)
    where {{ in_rebuilt('path.month_date', first_month) }}
),

-- Only what was known before the month began: a later night finds the same.
seen as (
    select
        ruled.month_date,
        ruled.product_id,
        ruled.currency_code,
        count(moved.change_units) as change_count,
        cast(sum(moved.change_units) as double) as change_units,
        -- Whole numbers up to here.
        cast(
            count(moved.change_units) * sum(moved.change_units * moved.change_units)
            - sum(moved.change_units) * sum(moved.change_units) as double
        ) as spread_units
    from ruled
    left join moved
        on ruled.product_id = moved.product_id
        and ruled.currency_code = moved.currency_code
        and ruled.month_date > moved.month_date
        and {{ add_months_to('ruled.month_date', '-ruled.maximum_change_count') }} <= moved.month_date
    where ruled.rule_rank = 1
    group by ruled.month_date, ruled.product_id, ruled.currency_code
),

measured as (
    select
        ruled.*,
        seen.change_count,
        -- Growth need not last; a decline is taken to go on.
        case
            when seen.change_count >= ruled.minimum_change_count
                then least(seen.change_units / seen.change_count / 1000000, 0)
        end as drift,
        case
            when seen.change_count >= ruled.minimum_change_count
                then sqrt(seen.spread_units / (seen.change_count * (seen.change_count - 1))) / 1000000
        end as deviation
    from ruled
    inner join seen
        on ruled.month_date = seen.month_date
        and ruled.product_id = seen.product_id
        and ruled.currency_code = seen.currency_code
        and ruled.rule_rank = 1
),

estimated as (
    select
        measured.*,
        {%- for name, quantile in [('low', '-interval_quantile'), ('high', 'interval_quantile')] %}
        {%- set bound = deviation_bound('deviation', 'change_count - 1', quantile) %}
        cast({{ staying_share('drift', bound, 'horizon_months', 'confidence_quantile') }} as decimal(12, 8))
            as {{ name }}_share_rate,
        {%- endfor %}
        cast({{ staying_share('drift', 'deviation', 'horizon_months', 'confidence_quantile') }} as decimal(12, 8))
            as estimated_share_rate
    from measured
),

judged as (
    select
        estimated.*,
        case
            when estimated.estimated_share_rate < estimated.minimum_share_rate then estimated.minimum_share_rate
            when estimated.estimated_share_rate > estimated.maximum_share_rate then estimated.maximum_share_rate
            else estimated.estimated_share_rate
        end as bounded_share_rate,
        rule.core_share_rate as assumed_share_rate,
        rule.core_share_source_code
    from estimated
    left join {{ ref('int_pricing__find_rule') }} as rule
        on estimated.month_date = rule.month_date
        and estimated.product_id = rule.product_id
        and estimated.currency_code = rule.currency_code
        and rule.method_set_code = '{{ var('base_ftp_method_set') }}'
        and rule.pillar_code = 'liability' and rule.pricing_kind_code = 'non_maturity'
        and rule.method_code = 'ladder'
),

used as (
    select
        judged.*,
        case core_share_source_code
            when 'estimated' then coalesce(bounded_share_rate, assumed_share_rate) else assumed_share_rate
        end as core_share_rate,
        case
            when core_share_source_code = 'estimated' and bounded_share_rate = estimated_share_rate
                then 'estimated'
            when core_share_source_code = 'estimated' and bounded_share_rate is not null then 'bounded'
            when core_share_source_code is not null then 'assumed'
        end as source_code
    from judged
)

select
    cast(product_id as {{ t_string() }}) as product_id,
    cast(currency_code as {{ t_string() }}) as currency_code,
    cast(balance_days_amount as decimal(18, 2)) as balance_days_amount,
    cast(days_count as int) as days_count,
    cast({{ average_over('balance_days_amount', 'days_count') }} as decimal(18, 2)) as average_balance_amount,
    cast(change_count as int) as change_count,
    cast(deviation as decimal(12, 8)) as change_deviation_rate,
    cast(estimated_share_rate as decimal(12, 8)) as estimated_share_rate,
    cast(low_share_rate as decimal(12, 8)) as low_share_rate,
    cast(high_share_rate as decimal(12, 8)) as high_share_rate,
    cast(bounded_share_rate as decimal(12, 8)) as bounded_share_rate,
    cast(core_share_rate as decimal(12, 8)) as core_share_rate,
    cast(source_code as {{ t_string() }}) as source_code,
    cast(month_date as date) as month_date
from used
