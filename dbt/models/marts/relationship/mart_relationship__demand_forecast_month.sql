-- One row per district, class, pillar of products and month: openings expected with a band, and of months that
-- are over what the month before them would have expected.
with calendar as (
    select distinct month_date from {{ ref('dim_date') }}
),

history as (
    select min(month_date) as first_month_date from {{ ref('fct_account_month') }}
),

over_month as (
    select
        calendar.month_date,
        max(calendar.month_date) over () as last_month_date
    from calendar
    inner join history on calendar.month_date >= history.first_month_date
    where {{ month_last('calendar.month_date') }} <= {{ business_date() }}
),

-- The last month that is over looks as far ahead as the rule says, each one before it a single month.
aimed as (
    select
        origin.month_date as origin_month_date,
        origin.month_date = origin.last_month_date as is_ahead,
        target.month_date,
        rule.method_code,
        rule.method_name_zh,
        rule.order_number,
        rule.quantile_value,
        rule.back_months_from,
        rule.back_months_to,
        case when rule.counted_from_code = 'origin' then origin.month_date else target.month_date end as counted_date
    from over_month as origin
    inner join {{ ref('demand_rule') }} as rule on {{ as_at('rule', 'origin.month_date') }}
    inner join calendar as target
        on {{ months_apart('origin.month_date', 'target.month_date') }} >= 1
        and {{ months_apart('origin.month_date', 'target.month_date') }}
        <= case when origin.month_date = origin.last_month_date then rule.months_ahead else 1 end
),

looked_back as (
    select
        aimed.*,
        part.month_date as part_month_date,
        count(*) over (partition by aimed.month_date, aimed.method_code) as found_count
    from aimed
    inner join over_month as part
        on {{ months_apart('part.month_date', 'aimed.counted_date') }} between aimed.back_months_from
        and aimed.back_months_to
),

-- The first method whose months are all there.
chosen as (
    select
        looked_back.*,
        dense_rank() over (partition by month_date order by order_number, method_code) as nth_method
    from looked_back
    where found_count = back_months_to - back_months_from + 1
),

demand as (
    select * from {{ ref('fct_demand_month') }}
),

cell as (
    select
        district_id,
        class_code,
        pillar_code,
        sum(need_count) as need_count
    from demand
    group by district_id, class_code, pillar_code
),

expected as (
    select
        cell.district_id,
        cell.class_code,
        cell.pillar_code,
        chosen.month_date,
        max(chosen.method_code) as method_code,
        max(chosen.method_name_zh) as method_name_zh,
        max(chosen.quantile_value) as quantile_value,
        max(chosen.found_count) as months_count,
        cast(sum(coalesce(demand.opening_count, 0)) as double) / max(chosen.found_count) as expected_count
    from cell
    inner join chosen on chosen.nth_method = 1
    left join demand
        on cell.district_id = demand.district_id
        and cell.class_code = demand.class_code
        and cell.pillar_code = demand.pillar_code
        and chosen.part_month_date = demand.month_date
    group by cell.district_id, cell.class_code, cell.pillar_code, chosen.month_date
),

-- Counts spread as their square root, and so does the mean of few of them; of none there may still be one.
banded as (
    select
        expected.*,
        quantile_value * sqrt(greatest(expected_count, 1.0 / months_count) * (1 + 1.0 / months_count)) as half_width
    from expected
),

target as (
    select
        month_date,
        max(case when is_ahead then 1 else 0 end) as is_ahead
    from aimed
    group by month_date
)

select
    cast(cell.district_id as {{ t_string() }}) as district_id,
    cast(cell.class_code as {{ t_string() }}) as class_code,
    cast(cell.pillar_code as {{ t_string() }}) as pillar_code,
    cast(case when target.is_ahead = 1 then 'ahead' else 'tested' end as {{ t_string() }}) as month_status_code,
    cast(coalesce(banded.method_code, 'too_short') as {{ t_string() }}) as method_code,
    cast(coalesce(banded.method_name_zh, '历史不足') as {{ t_string() }}) as method_name_zh,
    cast(banded.expected_count as decimal(18, 4)) as expected_count,
    -- Of nothing and nil the greatest is nil in DuckDB, and what is not known is not nil.
    cast(
        case when banded.expected_count is not null then greatest(banded.expected_count - banded.half_width, 0) end
        as decimal(18, 4)
    ) as low_count,
    cast(banded.expected_count + banded.half_width as decimal(18, 4)) as high_count,
    cast(case when target.is_ahead = 0 then coalesce(demand.opening_count, 0) end as bigint) as actual_count,
    cast(
        case
            when target.is_ahead = 0 then coalesce(demand.opening_count, 0)
                between banded.expected_count - banded.half_width and banded.expected_count + banded.half_width
        end as boolean
    ) as is_in_band,
    cast(case when target.is_ahead = 1 then coalesce(demand.maturing_count, 0) end as bigint) as maturing_count,
    cast(case when target.is_ahead = 1 then coalesce(demand.maturing_amount, 0) end as decimal(18, 2))
        as maturing_amount,
    cast(case when target.is_ahead = 1 then cell.need_count end as bigint) as need_count,
    cast(target.month_date as date) as month_date
from cell
cross join target
left join banded
    on cell.district_id = banded.district_id
    and cell.class_code = banded.class_code
    and cell.pillar_code = banded.pillar_code
    and target.month_date = banded.month_date
left join demand
    on cell.district_id = demand.district_id
    and cell.class_code = demand.class_code
    and cell.pillar_code = demand.pillar_code
    and target.month_date = demand.month_date
