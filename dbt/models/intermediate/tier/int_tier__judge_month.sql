-- One row per customer, rule set of the tiers and month: the tier that the month's assets reach, that of
-- the month before, and that of the best of the months that a fall looks back on.
{%- set first_month = rebuilt_from('fct_customer_tier_month') %}
with rule as (
    select * from {{ ref('tier_rule') }}
),

rule_set as (
    select
        tier_rule_set_code,
        party_type_code,
        valid_from_date,
        valid_to_date,
        max(down_window_months) as down_window_months
    from rule
    group by tier_rule_set_code, party_type_code, valid_from_date, valid_to_date
),

total as (
    select
        customer_key,
        month_date,
        {{ total_of('average_amount') }} as average_amount
    from {{ ref('fct_aum_month') }}
    group by customer_key, month_date
),

-- A month without assets is a month all the same. Below nothing is nothing.
month as (
    select
        customer.customer_key,
        customer.customer_fk,
        customer.month_date,
        customer.days_count,
        customer.observation_date,
        greatest(coalesce(total.average_amount, 0), 0) as amount
    from {{ ref('fct_customer_month') }} as customer
    left join total
        on customer.customer_key = total.customer_key and customer.month_date = total.month_date
    where customer.customer_key <> {{ var('unassigned_pk') }}
),

judged as (
    select
        month.customer_key,
        month.customer_fk,
        month.month_date,
        month.days_count,
        month.observation_date,
        month.amount,
        rule_set.tier_rule_set_code,
        rule_set.down_window_months
    from month
    inner join {{ ref('dim_customer') }} as customer on month.customer_fk = customer.customer_pk
    inner join rule_set
        on customer.party_type_code = rule_set.party_type_code
        and {{ as_at('rule_set', 'month.observation_date') }}
    where {{ in_rebuilt('month.month_date', first_month) }}
),

looked_back as (
    select
        judged.customer_key,
        judged.tier_rule_set_code,
        judged.month_date,
        max(earlier.amount) as best_amount,
        max(
            case when {{ months_apart('earlier.month_date', 'judged.month_date') }} = 1 then earlier.amount end
        ) as last_amount
    from judged
    inner join month as earlier
        on judged.customer_key = earlier.customer_key
        and judged.month_date > earlier.month_date
        and {{ months_apart('earlier.month_date', 'judged.month_date') }}
        <= greatest(judged.down_window_months, 1)
    group by judged.customer_key, judged.tier_rule_set_code, judged.month_date
),

measured as (
    select
        judged.*,
        looked_back.best_amount,
        looked_back.last_amount
    from judged
    left join looked_back
        on judged.customer_key = looked_back.customer_key
        and judged.tier_rule_set_code = looked_back.tier_rule_set_code
        and judged.month_date = looked_back.month_date
)

select
    measured.customer_key,
    measured.customer_fk,
    measured.tier_rule_set_code,
    measured.month_date,
    measured.observation_date,
    measured.days_count,
    measured.days_count = day({{ month_last('measured.month_date') }}) as is_month_over,
    cast(measured.amount as decimal(18, 2)) as aum_average_amount,
    reached.tier_code as reached_tier_code,
    reached.tier_number as reached_number,
    last.tier_number as last_number,
    best.tier_number as best_number
from measured
left join rule as reached
    on measured.tier_rule_set_code = reached.tier_rule_set_code
    and measured.amount >= reached.minimum_amount
    and measured.amount < reached.maximum_amount
    and {{ as_at('reached', 'measured.observation_date') }}
left join rule as last
    on measured.tier_rule_set_code = last.tier_rule_set_code
    and measured.last_amount >= last.minimum_amount
    and measured.last_amount < last.maximum_amount
    and {{ as_at('last', 'measured.observation_date') }}
left join rule as best
    on measured.tier_rule_set_code = best.tier_rule_set_code
    and measured.best_amount >= best.minimum_amount
    and measured.best_amount < best.maximum_amount
    and {{ as_at('best', 'measured.observation_date') }}
