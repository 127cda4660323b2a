-- One row per customer, month and rule set, published or not: what his accounts bring by it, before
-- income tax and after the cost of capital. Nobody is left out.
with month as (
    select distinct month_date
    from {{ ref('int_profit__list_line') }}
),

rule_set as (
    select
        rule_set_code,
        cast(pow(2, row_number() over (order by rule_set_code nulls last) - 1) as bigint) as rule_units
    from (select distinct rule_set_code from {{ ref('profit_rule_set') }}) as known
),

variant as (
    select
        variant.rule_set_code,
        variant.profit_line_code,
        variant.variant_code,
        month.month_date,
        rule_set.rule_units
    from {{ ref('int_profit__list_variant') }} as variant
    inner join month on {{ as_at('variant', 'month.month_date') }}
    inner join rule_set on variant.rule_set_code = rule_set.rule_set_code
),

-- Variants that the same rule sets take are summed once for all of them.
taken as (
    select
        profit_line_code,
        variant_code,
        month_date,
        cast(sum(rule_units) as bigint) as taker_units
    from variant
    group by profit_line_code, variant_code, month_date
),

taker as (
    select distinct
        taken.taker_units,
        taken.month_date,
        variant.rule_set_code
    from taken
    inner join variant
        on taken.profit_line_code = variant.profit_line_code
        and taken.variant_code = variant.variant_code
        and taken.month_date = variant.month_date
),

part as (
    select
        line.customer_key,
        line.month_date,
        taken.taker_units,
        {{ total_of('line.amount') }} as amount
    from {{ ref('int_profit__list_line') }} as line
    inner join taken
        on line.profit_line_code = taken.profit_line_code
        and line.variant_code = taken.variant_code
        and line.month_date = taken.month_date
    where line.customer_key <> {{ var('unassigned_pk') }}
    group by line.customer_key, line.month_date, taken.taker_units
),

customer as (
    select distinct
        customer_key,
        month_date
    from part
),

-- What all rule sets of a month take.
whole as (
    select
        month_date,
        max(taker_units) as taker_units
    from taken
    group by month_date
),

-- Nothing under a rule set is a profit of nothing, not a rule set less.
completed as (
    select
        customer_key,
        month_date,
        taker_units,
        amount
    from part
    union all
    select
        customer.customer_key,
        customer.month_date,
        whole.taker_units,
        0 as amount
    from customer
    inner join whole on customer.month_date = whole.month_date
)

select
    cast(completed.customer_key as bigint) as customer_key,
    cast(taker.rule_set_code as {{ t_string() }}) as rule_set_code,
    cast({{ total_of('completed.amount') }} as decimal(18, 2)) as profit_amount,
    cast(completed.month_date as date) as month_date
from completed
inner join taker
    on completed.taker_units = taker.taker_units and completed.month_date = taker.month_date
group by completed.customer_key, completed.month_date, taker.rule_set_code
