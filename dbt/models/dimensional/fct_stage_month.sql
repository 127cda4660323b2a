-- One row per customer and month since the customer was registered: the stage of his life with the bank,
-- and that of the month before.
{{ partitioned_from_month('month_date') }}
{#- What each stage asks; which is tried first, the rule says. -#}
{%- set conditions = {
    'lost': 'is_churned_hard',
    'prospect': 'open_account_count = 0',
    'won_back': 'was_lost',
    'new': 'coalesce(is_new, false)',
    'dormant': 'is_silent',
    'declining': 'balance_change_rate <= declining_rate',
    'growing': 'balance_change_rate >= growing_rate',
} %}
{%- set stages = (conditions | list) + ['mature'] %}
{%- set first_month = rebuilt_from('fct_stage_month') %}
{%- set from_month = month_before(first_month, 1) if first_month else none %}
with rule as (
    select
        calendar.month_date,
        {% for stage in stages -%}
        max(case when stage.stage_code = '{{ stage }}' then stage.order_number end) as {{ stage }}_order,
        {% endfor -%}
        max(case when stage.stage_code = 'new' then stage.month_count end) as new_months,
        max(case when stage.stage_code = 'growing' then stage.change_rate end) as growing_rate,
        max(case when stage.stage_code = 'declining' then stage.change_rate end) as declining_rate,
        max(case when stage.stage_code = 'dormant' then stage.silent_days end) as silent_days,
        max(case when stage.stage_code = 'won_back' then stage.month_count end) as won_back_months
    from {{ month_list(from_month) }} as calendar
    inner join {{ ref('stage_rule') }} as stage on {{ as_at('stage', month_reached('calendar.month_date')) }}
    group by calendar.month_date
),

history as (
    select min(month_date) as first_month_date from {{ ref('fct_account_month') }}
),

first_account as (
    select
        customer_key,
        min(opened_date) as opened_date
    from {{ ref('dim_account') }}
    group by customer_key
),

lost as (
    select
        later.month_date,
        earlier.customer_key
    from rule as later
    inner join {{ ref('fct_customer_rolling_month') }} as earlier
        on later.month_date > earlier.month_date
        and {{ months_apart('earlier.month_date', 'later.month_date') }} <= later.won_back_months
        and earlier.is_churned_hard
    group by later.month_date, earlier.customer_key
),

-- Silence is told only where the bank delivered as many days of postings.
looked_at as (
    select
        month.customer_key,
        month.customer_fk,
        month.month_date,
        month.days_count,
        month.observation_date,
        month.open_account_count,
        month.deposit_closing_amount,
        rolling.is_churned_hard,
        rolling.balance_change_rate,
        rule.growing_rate,
        rule.declining_rate,
        {%- for stage in stages %}
        rule.{{ stage }}_order,
        {%- endfor %}
        lost.customer_key is not null as was_lost,
        first_account.opened_date > {{ add_months_to('month.observation_date', '-rule.new_months') }} as is_new,
        {{ days_between(
            'coalesce(month.last_customer_transaction_date, history.first_month_date)', 'month.observation_date'
        ) }} >= rule.silent_days as is_silent
    from {{ ref('fct_customer_month') }} as month
    inner join rule on month.month_date = rule.month_date
    inner join {{ ref('fct_customer_rolling_month') }} as rolling
        on month.customer_key = rolling.customer_key and month.month_date = rolling.month_date
    cross join history
    left join first_account on month.customer_key = first_account.customer_key
    left join lost on month.customer_key = lost.customer_key and month.month_date = lost.month_date
    where month.customer_key <> {{ var('unassigned_pk') }}
),

-- Mature is everybody whom no stage before it takes.
tried as (
    select
        looked_at.*,
        least(
            {%- for stage, condition in conditions.items() %}
            case when {{ condition }} then {{ stage }}_order else mature_order end,
            {%- endfor %}
            mature_order
        ) as order_number
    from looked_at
),

staged as (
    select
        tried.*,
        case order_number
            {%- for stage in stages %}
            when {{ stage }}_order then '{{ stage }}'
            {%- endfor %}
        end as stage_code
    from tried
)

select
    cast(staged.customer_fk as bigint) as customer_fk,
    cast(staged.customer_key as bigint) as customer_key,
    cast(staged.observation_date as date) as observation_date,
    cast(staged.days_count as int) as days_count,
    cast(earlier.stage_code as {{ t_string() }}) as earlier_stage_code,
    cast(staged.stage_code as {{ t_string() }}) as stage_code,
    cast(staged.balance_change_rate as decimal(18, 8)) as balance_change_rate,
    cast(staged.deposit_closing_amount as decimal(18, 2)) as deposit_amount,
    cast(1 as int) as customer_count,
    cast(staged.month_date as date) as month_date
from staged
left join staged as earlier
    on staged.customer_key = earlier.customer_key
    and earlier.month_date = {{ add_months_to('staged.month_date', -1) }}
where {{ in_rebuilt('staged.month_date', first_month) }}
