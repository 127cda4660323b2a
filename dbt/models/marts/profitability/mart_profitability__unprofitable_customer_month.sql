-- One row per customer and month on whom the bank loses money before tax: what makes it so, and what
-- each of three changes would have to be to mend it; the one named is the first in the rule's order
-- that is within the rule's bounds.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('mart_profitability__unprofitable_customer_month') %}
{#- Interest and transfer price belong together: neither says by itself what an account brings. -#}
{%- set causes = {
    'margin': 'interest_income_amount + interest_expense_amount + ftp_amount',
    'fee_income': 'fee_income_amount', 'surtax': 'surtax_amount', 'direct_cost': 'direct_cost_amount',
    'indirect_cost': 'indirect_cost_amount', 'expected_loss': 'expected_loss_amount',
} %}
{#- A higher rate of a loan bears surtax, too. -#}
{%- set after_surtax = '(100000000 - cast(rule.surtax_rate * 100000000 as bigint))' %}
{%- set bearing = '(' ~ cents('balance.deposit_balance_days_amount') ~ ' + ' ~ mul_div_round(
    cents('balance.loan_balance_days_amount'), after_surtax, 'cast(100000000 as bigint)'
) ~ ')' %}
with loss as (
    select
        profit.*,
        {%- for cause, amount in causes.items() %}
        {{ amount }} as {{ cause }}_part,
        {%- endfor %}
        -pre_tax_profit_amount as lacking_amount
    from {{ ref('mart_profitability__customer_month') }} as profit
    where
        customer_key <> {{ var('unassigned_pk') }}
        and pre_tax_profit_amount < 0
        and {{ in_rebuilt('month_date', first_month) }}
),

caused as (
    select
        loss.*,
        least({{ causes.keys() | join('_part, ') }}_part) as cause_amount
    from loss
),

-- A fee bears surtax: asked for is what leaves the lacking amount. Rates are per 360 days, in whole
-- basis points, rounded up.
needed as (
    select
        caused.*,
        {{ from_units(mul_div_round(
            cents('caused.lacking_amount'), 'cast(100000000 as bigint)', after_surtax
        ) ~ ' + 1', 2) }} as needed_fee_amount,
        case
            when balance.deposit_balance_days_amount + balance.loan_balance_days_amount >= 100
                then {{ idiv(
                    cents('caused.lacking_amount') ~ ' * 3600000 + ' ~ bearing ~ ' - 1', bearing
                ) }}
        end as needed_basis_points,
        coalesce(cost.movable_posting_count, 0) as movable_posting_count,
        coalesce(cost.movable_saving_amount, 0) as movable_saving_amount,
        -- Of less than a yuan nothing can be moved.
        case
            when cost.movable_saving_amount >= 1
                then {{ ratio_of('caused.lacking_amount', 'cost.movable_saving_amount') }}
        end as needed_move_share
    from caused
    left join {{ ref('fct_customer_month') }} as balance
        on caused.customer_key = balance.customer_key and caused.month_date = balance.month_date
    left join {{ ref('mart_cost__customer_month') }} as cost
        on caused.customer_key = cost.customer_key and caused.month_date = cost.month_date
    left join {{ ref('profit_rule_set') }} as rule
        on {{ as_at('rule', 'caused.month_date') }}
        and rule.rule_set_code = '{{ var("base_rule_set") }}'
),

mended as (
    select
        needed.customer_key,
        needed.month_date,
        min(rule.order_number) as order_number
    from needed
    inner join {{ ref('mending_rule') }} as rule
        on {{ as_at('rule', 'needed.month_date') }}
        and case rule.change_code
            when 'channel' then needed.needed_move_share
            when 'fee' then needed.needed_fee_amount
            when 'rate' then needed.needed_basis_points
        end <= rule.maximum_change
    group by needed.customer_key, needed.month_date
)

select
    cast(needed.customer_key as bigint) as customer_key,
    cast(needed.customer_fk as bigint) as customer_fk,
    cast(needed.days_count as int) as days_count,
    cast(needed.organisation_fk as bigint) as organisation_fk,
    cast(needed.manager_fk as bigint) as manager_fk,
    cast(needed.pre_tax_profit_amount as decimal(18, 2)) as pre_tax_profit_amount,
    cast(
        case
            {%- for cause in causes %}
            when needed.{{ cause }}_part = needed.cause_amount then '{{ cause }}'
            {%- endfor %}
        end as {{ t_string() }}
    ) as cause_line_code,
    cast(needed.cause_amount as decimal(18, 2)) as cause_amount,
    cast(needed.needed_basis_points as bigint) as needed_basis_points,
    cast(needed.needed_fee_amount as decimal(18, 2)) as needed_fee_amount,
    cast(needed.movable_posting_count as bigint) as movable_posting_count,
    cast(needed.movable_saving_amount as decimal(18, 2)) as movable_saving_amount,
    cast(needed.needed_move_share as decimal(18, 8)) as needed_move_share,
    cast(coalesce(rule.change_code, 'none') as {{ t_string() }}) as change_code,
    cast(needed.month_date as date) as month_date
from needed
left join mended
    on needed.customer_key = mended.customer_key and needed.month_date = mended.month_date
left join {{ ref('mending_rule') }} as rule
    on mended.order_number = rule.order_number and {{ as_at('rule', 'needed.month_date') }}
