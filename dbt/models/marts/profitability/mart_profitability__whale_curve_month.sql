-- One row per month and hundredth of its customers, best first: what they have brought together up to
-- there; and of the same hundredth of the year before, what they brought then and since.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('mart_profitability__whale_curve_month') %}
with customer as (
    select
        profit_rank,
        cumulative_profit_amount,
        total_profit_amount,
        cumulative_profit_share,
        month_date
    from {{ ref('mart_profitability__customer_month') }}
    where customer_key <> {{ var('unassigned_pk') }} and {{ in_rebuilt('month_date', first_month) }}
),

whole as (
    select
        month_date,
        count(*) as customer_count,
        max(cumulative_profit_amount) as peak_amount,
        max(cumulative_profit_share) as peak_share
    from customer
    group by month_date
),

-- The customers of the year before, best first. Who brings nothing any more counts with nothing.
earlier as (
    select
        month_date,
        earlier_profit_12m_rank as earlier_rank,
        cast(
            sum(earlier_profit_12m_amount) over (
                partition by month_date
                order by earlier_profit_12m_rank
                rows between unbounded preceding and current row
            ) as decimal(18, 2)
        ) as earlier_amount,
        cast(
            sum(profit_12m_amount) over (
                partition by month_date
                order by earlier_profit_12m_rank
                rows between unbounded preceding and current row
            ) as decimal(18, 2)
        ) as retained_amount,
        count(*) over (partition by month_date) as earlier_count
    from {{ ref('mart_profitability__customer_class_month') }}
    where earlier_profit_12m_rank is not null and {{ in_rebuilt('month_date', first_month) }}
),

digit as (
    {%- for number in range(10) %}
    select {{ number }} as digit_number
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- A part of a customer counts as one.
step as (
    select
        whole.*,
        tens.digit_number * 10 + ones.digit_number + 1 as percent_number,
        {{ idiv(
            'cast((tens.digit_number * 10 + ones.digit_number + 1) * whole.customer_count as bigint) + 99', '100'
        ) }} as to_rank
    from whole
    cross join digit as tens
    cross join digit as ones
)

select
    cast(step.percent_number as int) as percent_number,
    cast({{ month_days('step.month_date') }} as int) as days_count,
    cast(step.customer_count as bigint) as customer_count,
    cast(step.to_rank as bigint) as best_customer_count,
    cast(customer.cumulative_profit_amount as decimal(18, 2)) as cumulative_profit_amount,
    cast(customer.total_profit_amount as decimal(18, 2)) as total_profit_amount,
    cast(customer.cumulative_profit_share as decimal(18, 8)) as cumulative_profit_share,
    cast(step.peak_amount as decimal(18, 2)) as peak_amount,
    cast(step.peak_share as decimal(18, 8)) as peak_share,
    cast(earlier.earlier_rank as bigint) as earlier_best_customer_count,
    cast(earlier.earlier_amount as decimal(18, 2)) as earlier_profit_12m_amount,
    cast(earlier.retained_amount as decimal(18, 2)) as retained_profit_12m_amount,
    -- Null where they brought nothing the year before.
    cast({{ ratio_of('earlier.retained_amount', 'earlier.earlier_amount') }} as decimal(18, 8))
        as value_retention_rate,
    cast(step.month_date as date) as month_date
from step
inner join customer on step.month_date = customer.month_date and step.to_rank = customer.profit_rank
left join earlier
    on step.month_date = earlier.month_date
    and {{ idiv('cast(step.percent_number * earlier.earlier_count as bigint) + 99', '100') }} = earlier.earlier_rank
