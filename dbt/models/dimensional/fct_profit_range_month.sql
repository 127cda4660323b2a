-- One row per customer and month in which he has an account or a visit, whether or not it brings anything:
-- the least and the most that any rule set makes of it, what the base one does, and under how many of them
-- he stays in his class. Before income tax and after the cost of capital, so that it is a sum of account
-- lines.
{{ partitioned_from_month('month_date') }}
with ranked as (
    select
        stated.*,
        row_number() over (
            partition by month_date, rule_set_code order by profit_amount desc, customer_key
        ) as profit_rank
    from {{ ref('int_profit__sum_rule_set') }} as stated
),

customer_count as (
    select
        month_date,
        count(*) as customer_count
    from {{ ref('fct_customer_month') }}
    where customer_key <> {{ var('unassigned_pk') }}
    group by month_date
),

class as (
    {{ profit_class_bands('customer_count') }}
),

-- Who brings less than his class asks for is in the last one.
classed as (
    select
        ranked.customer_key,
        ranked.month_date,
        case when ranked.profit_amount >= class.minimum_amount then class.class_number else class.last_number end
            as class_number,
        count(*) as rule_set_count,
        min(ranked.profit_amount) as lowest_amount,
        max(ranked.profit_amount) as highest_amount,
        max(case when ranked.rule_set_code = '{{ var("base_rule_set") }}' then ranked.profit_amount end)
            as base_amount
    from ranked
    inner join class
        on ranked.month_date = class.month_date
        and ranked.profit_rank > class.from_rank
        and ranked.profit_rank <= class.to_rank
    group by
        ranked.customer_key, ranked.month_date,
        case when ranked.profit_amount >= class.minimum_amount then class.class_number else class.last_number end
),

summed as (
    select
        customer_key,
        month_date,
        min(lowest_amount) as lowest_amount,
        max(highest_amount) as highest_amount,
        max(base_amount) as base_amount,
        max(case when base_amount is not null then class_number end) as base_class_number,
        sum(rule_set_count) as rule_set_count,
        sum(case when base_amount is not null then rule_set_count else 0 end) as same_class_count
    from classed
    group by customer_key, month_date
)

select
    cast(summed.customer_key as bigint) as customer_key,
    cast(summed.lowest_amount as decimal(18, 2)) as lowest_profit_amount,
    cast(summed.base_amount as decimal(18, 2)) as base_profit_amount,
    cast(summed.highest_amount as decimal(18, 2)) as highest_profit_amount,
    cast(class.profit_class_code as {{ t_string() }}) as profit_class_code,
    cast(summed.rule_set_count as int) as rule_set_count,
    cast(summed.same_class_count as int) as same_class_count,
    cast({{ share_of('summed.same_class_count', 'summed.rule_set_count') }} as decimal(12, 8)) as class_stability_rate,
    cast(summed.month_date as date) as month_date
from summed
left join class
    on summed.month_date = class.month_date and summed.base_class_number = class.class_number
