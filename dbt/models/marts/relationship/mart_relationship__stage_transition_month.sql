-- One row per month, stage of the month before and stage: how many customers went that way, and their share.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('mart_relationship__stage_transition_month') %}
with moved as (
    select
        month_date,
        earlier_stage_code,
        stage_code,
        max(days_count) as days_count,
        sum(customer_count) as customer_count,
        {{ total_of('deposit_amount') }} as deposit_amount
    from {{ ref('fct_stage_month') }}
    where earlier_stage_code is not null and {{ in_rebuilt('month_date', first_month) }}
    group by month_date, earlier_stage_code, stage_code
),

ordered as (
    select
        moved.*,
        earlier.stage_name_zh as earlier_stage_name_zh,
        earlier.stage_name_en as earlier_stage_name_en,
        stage.stage_name_zh,
        stage.stage_name_en,
        earlier.stage_number as earlier_stage_number,
        stage.stage_number,
        sum(moved.customer_count) over (
            partition by moved.month_date, moved.earlier_stage_code
            order by stage.stage_number
            rows between unbounded preceding and current row
        ) as running_count,
        sum(moved.customer_count) over (partition by moved.month_date, moved.earlier_stage_code) as earlier_count
    from moved
    inner join {{ ref('stage_rule') }} as earlier
        on moved.earlier_stage_code = earlier.stage_code
        and {{ as_at('earlier', month_reached('moved.month_date')) }}
    inner join {{ ref('stage_rule') }} as stage
        on moved.stage_code = stage.stage_code
        and {{ as_at('stage', month_reached('moved.month_date')) }}
)

select
    cast(earlier_stage_code as {{ t_string() }}) as earlier_stage_code,
    cast(earlier_stage_number as int) as earlier_stage_number,
    cast(earlier_stage_name_zh as {{ t_string() }}) as earlier_stage_name_zh,
    cast(earlier_stage_name_en as {{ t_string() }}) as earlier_stage_name_en,
    cast(stage_code as {{ t_string() }}) as stage_code,
    cast(stage_number as int) as stage_number,
    cast(stage_name_zh as {{ t_string() }}) as stage_name_zh,
    cast(stage_name_en as {{ t_string() }}) as stage_name_en,
    cast(days_count as int) as days_count,
    cast(customer_count as bigint) as customer_count,
    cast(earlier_count as bigint) as earlier_count,
    -- What the running share, rounded, has grown by: the shares of a row of the matrix sum to one exactly.
    cast(
        {{ from_units(div_units('running_count', 'earlier_count', 8), 8) }}
        - {{ from_units(div_units('(running_count - customer_count)', 'earlier_count', 8), 8) }}
        as decimal(18, 8)
    ) as transition_rate,
    cast(deposit_amount as decimal(18, 2)) as deposit_amount,
    cast(month_date as date) as month_date
from ordered
