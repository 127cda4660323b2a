-- One row per manager, pillar and month: why his balances differ from those of the year before.
with balance as (
    select
        employee_id,
        pillar_code,
        product_id,
        month_date,
        {{ average_over('balance_days_amount', 'days_count') }} as average_amount
    from {{ ref('mart_performance__manager_balance_month') }}
    where pillar_code in ('liability', 'asset')
),

-- A year before; of a shorter history its first month.
compared as (
    select
        month_date,
        greatest(
            cast({{ add_months_to('month_date', -12) }} as date), min(month_date) over ()
        ) as base_month_date
    from balance
    group by month_date
),

listed as (
    select
        later.employee_id,
        later.pillar_code,
        later.product_id,
        later.month_date,
        compared.base_month_date,
        cast(0 as decimal(18, 2)) as base_amount,
        later.average_amount as actual_amount
    from balance as later
    inner join compared on later.month_date = compared.month_date
    union all
    select
        earlier.employee_id,
        earlier.pillar_code,
        earlier.product_id,
        compared.month_date,
        compared.base_month_date,
        earlier.average_amount as base_amount,
        cast(0 as decimal(18, 2)) as actual_amount
    from balance as earlier
    inner join compared on earlier.month_date = compared.base_month_date
),

-- Every product of a manager that has a balance now or had one then.
cell as (
    select
        employee_id,
        pillar_code,
        product_id,
        month_date,
        base_month_date,
        {{ total_of('base_amount') }} as base_amount,
        {{ total_of('actual_amount') }} as actual_amount
    from listed
    group by employee_id, pillar_code, product_id, month_date, base_month_date
),

-- How the whole bank grew, in the product and altogether; who has no manager is of the bank too.
grown as (
    select
        cell.*,
        cast(sum(cell.actual_amount) over of_product as double)
        / nullif(cast(sum(cell.base_amount) over of_product as double), 0) - 1 as product_growth,
        cast(sum(cell.actual_amount) over of_pillar as double)
        / nullif(cast(sum(cell.base_amount) over of_pillar as double), 0) - 1 as pillar_growth
    from cell
    window
        of_product as (partition by cell.pillar_code, cell.product_id, cell.month_date),
        of_pillar as (partition by cell.pillar_code, cell.month_date)
),

effect as (
    select
        employee_id,
        pillar_code,
        month_date,
        base_month_date,
        {{ total_of('base_amount') }} as base_amount,
        {{ total_of('actual_amount') }} as actual_amount,
        -- Rounded one by one: a sum of doubles would depend on the order of its rows.
        {{ total_of('cast(base_amount * coalesce(pillar_growth, 0) as decimal(18, 2))') }} as market_effect_amount,
        -- What the bank did not have a year ago grew by nobody's market: it is his own.
        {{ total_of('cast(base_amount * coalesce(product_growth - pillar_growth, 0) as decimal(18, 2))') }}
            as book_effect_amount
    from grown
    group by employee_id, pillar_code, month_date, base_month_date
)

select
    cast(employee_id as {{ t_string() }}) as employee_id,
    cast(pillar_code as {{ t_string() }}) as pillar_code,
    cast(base_month_date as date) as base_month_date,
    cast(base_amount as decimal(18, 2)) as base_average_amount,
    cast(market_effect_amount as decimal(18, 2)) as market_effect_amount,
    cast(book_effect_amount as decimal(18, 2)) as book_effect_amount,
    cast(actual_amount - base_amount - market_effect_amount - book_effect_amount as decimal(18, 2))
        as own_effect_amount,
    cast(actual_amount as decimal(18, 2)) as average_amount,
    cast(month_date as date) as month_date
from effect
