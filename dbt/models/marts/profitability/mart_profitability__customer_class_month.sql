-- One row per customer and month since the customer was registered: what he brought in the twelve
-- months up to it and in the twelve before, his class by either, and how long he has been a customer.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('mart_profitability__customer_class_month') %}
{%- set bands = {1: 'under_1_year', 3: '1_to_3_years', 5: '3_to_5_years', 10: '5_to_10_years'} %}
with pair as (
    select
        later.month_date,
        part.month_date as part_month_date,
        {{ months_apart('part.month_date', 'later.month_date') }} < 12 as is_this_year
    from {{ month_list(first_month) }} as later
    inner join {{ month_list(month_before(first_month, 23) if first_month else none) }} as part
        on {{ months_apart('part.month_date', 'later.month_date') }} between 0 and 23
),

history as (
    select min(month_date) as first_month_date
    from {{ ref('mart_profitability__customer_month') }}
),

summed as (
    select
        profit.customer_key,
        pair.month_date,
        {{ total_of('case when pair.is_this_year then profit.net_profit_amount else 0 end') }} as profit_amount,
        sum(case when pair.is_this_year then 1 else 0 end) as months_count,
        {{ total_of('case when pair.is_this_year then 0 else profit.net_profit_amount end') }} as earlier_profit_amount,
        sum(case when pair.is_this_year then 0 else 1 end) as earlier_months_count
    from {{ ref('mart_profitability__customer_month') }} as profit
    inner join pair on profit.month_date = pair.part_month_date
    where profit.customer_key <> {{ var('unassigned_pk') }}
    group by profit.customer_key, pair.month_date
),

-- Only with the whole year before delivered is there a year to compare with.
looked_at as (
    select
        summed.customer_key,
        summed.month_date,
        summed.profit_amount,
        summed.months_count,
        case
            when summed.earlier_months_count > 0
                and {{ months_apart('history.first_month_date', 'summed.month_date') }} >= 23
                then summed.earlier_profit_amount
        end as earlier_profit_amount
    from summed
    cross join history
),

ranked as (
    select
        looked_at.*,
        row_number() over (partition by month_date order by profit_amount desc, customer_key) as profit_rank,
        row_number() over (
            partition by month_date, earlier_profit_amount is null
            order by earlier_profit_amount desc, customer_key
        ) as earlier_place
    from looked_at
),

counted as (
    select
        month_date,
        count(*) as customer_count
    from looked_at
    group by month_date
),

class as (
    {{ profit_class_bands('counted') }}
),

counted_earlier as (
    select
        month_date,
        count(*) as customer_count
    from looked_at
    where earlier_profit_amount is not null
    group by month_date
),

earlier_class as (
    {{ profit_class_bands('counted_earlier') }}
),

opened as (
    select
        customer_key,
        min(opened_date) as opened_date
    from {{ ref('dim_customer') }}
    group by customer_key
)

select
    cast(ranked.customer_key as bigint) as customer_key,
    cast(month.customer_fk as bigint) as customer_fk,
    cast(month.days_count as int) as days_count,
    cast(month.organisation_fk as bigint) as organisation_fk,
    cast(month.manager_fk as bigint) as manager_fk,
    cast(ranked.months_count as int) as months_count,
    cast(ranked.profit_amount as decimal(18, 2)) as profit_12m_amount,
    cast(ranked.profit_rank as bigint) as profit_12m_rank,
    cast(
        {{ class_of_rank('ranked.profit_amount', 'class') }} as {{ t_string() }}
    ) as profit_class_code,
    cast(ranked.earlier_profit_amount as decimal(18, 2)) as earlier_profit_12m_amount,
    cast(case when ranked.earlier_profit_amount is not null then ranked.earlier_place end as bigint)
        as earlier_profit_12m_rank,
    cast(
        {{ class_of_rank('ranked.earlier_profit_amount', 'earlier_class') }} as {{ t_string() }}
    ) as earlier_profit_class_code,
    cast(
        case
            when opened.opened_date is null then 'unknown'
            {%- for years, band in bands.items() %}
            when opened.opened_date > {{ add_months_to(month_reached('ranked.month_date'), -12 * years) }}
                then '{{ band }}'
            {%- endfor %}
            else '10_years_and_more'
        end as {{ t_string() }}
    ) as tenure_band_code,
    cast(ranked.month_date as date) as month_date
from ranked
inner join {{ ref('mart_profitability__customer_month') }} as month
    on ranked.customer_key = month.customer_key and ranked.month_date = month.month_date
left join class
    on ranked.month_date = class.month_date
    and ranked.profit_rank > class.from_rank
    and ranked.profit_rank <= class.to_rank
left join earlier_class
    on ranked.month_date = earlier_class.month_date
    and ranked.earlier_place > earlier_class.from_rank
    and ranked.earlier_place <= earlier_class.to_rank
left join opened on ranked.customer_key = opened.customer_key
