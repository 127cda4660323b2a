{#-
part * price / capacity in whole numbers, half away from zero, for a pool of any size: products that
fit into 64 bits, nearly all, are divided there, which takes DuckDB a fortieth of the time.
-#}
{% macro price_of_minutes(price, part, capacity) -%}
    case
        when cast({{ price }} as double) * {{ part }} < 1e18
            then {{ div_units(price ~ ' * ' ~ part, capacity) }}
        else {{ div_units_wide(
            'cast(' ~ price ~ ' as decimal(19, 0)) * cast(' ~ part ~ ' as decimal(19, 0))', capacity
        ) }}
    end
{%- endmacro %}

{#-
Whole part and rest of amount * part / whole in whole numbers, none of them negative, whole > 0:
amount is taken apart, so that only whole * part must stay below 9.2e18.
-#}
{% macro floor_share(amount, part, whole) -%}
    ({{ idiv(amount, whole) }} * ({{ part }}) + {{ idiv('mod(' ~ amount ~ ', ' ~ whole ~ ') * (' ~ part ~ ')', whole) }})
{%- endmacro %}
{% macro share_rest(amount, part, whole) -%}
    mod(mod({{ amount }}, {{ whole }}) * ({{ part }}), {{ whole }})
{%- endmacro %}

{#-
The pools after support was handed down step by step, as a sub-select: `columns` and amount_cents.

    from {{ stepped_down(ref('int_costing__list_pool'), columns=[...]) }} as pool

What the pools of a step have is handed to the pools of later steps and to those that serve
customers, in their own unit where it has any, else in the whole bank, by the driver that the rule
names. Parts are whole fen and sum to what is handed down: the largest rests get the fen that are
left. Where no driver stands above 0 the cost stays where it is.

Args:
    pools: relation with `columns` and cost_amount.
    columns: what is known of a pool, handed on as it is.
-#}
{% macro stepped_down(pools, columns) -%}
(
    with pool_0 as (
        select
            {{ columns | join(', ') }},
            {{ cents('cost_amount') }} as amount_cents
        from {{ pools }}
    )

    {%- for step in [1, 2, 3] %},

    pool_{{ step }} as (
        {{ one_step_down(step, 'pool_' ~ (step - 1), columns) }}
    )
    {%- endfor %}

    select * from pool_3
)
{%- endmacro %}

{% macro one_step_down(step, before, columns) -%}
with giver as (
    select * from {{ before }} where step_number = {{ step }} and amount_cents > 0
),

taker as (
    select
        giver.month_date,
        giver.organisation_id as from_organisation_id,
        giver.cost_pool_code as from_cost_pool_code,
        giver.amount_cents as given_cents,
        taker.organisation_id,
        taker.cost_pool_code,
        case giver.driver_code
            when 'practical_minutes' then taker.practical_minutes
            when 'posting_count' then taker.posting_count
        end as driver_count,
        case when taker.organisation_id = giver.organisation_id then 1 else 0 end as is_own
    from giver
    inner join {{ before }} as taker
        on giver.month_date = taker.month_date
        and (taker.pool_kind_code = 'front' or taker.step_number > {{ step }})
),

scope as (
    select
        taker.*,
        sum(driver_count * is_own) over (
            partition by month_date, from_organisation_id, from_cost_pool_code
        ) as own_count,
        sum(driver_count) over (
            partition by month_date, from_organisation_id, from_cost_pool_code
        ) as bank_count
    from taker
    where driver_count > 0
),

share as (
    select
        scope.*,
        cast(case when own_count > 0 then own_count else bank_count end as bigint) as total_count
    from scope
    where own_count = 0 or is_own = 1
),

ranked as (
    select
        share.*,
        {{ floor_share('given_cents', 'driver_count', 'total_count') }} as whole_cents,
        row_number() over (
            partition by month_date, from_organisation_id, from_cost_pool_code
            order by
                {{ share_rest('given_cents', 'driver_count', 'total_count') }} desc,
                organisation_id, cost_pool_code
        ) as rest_rank
    from share
),

part as (
    select
        ranked.*,
        whole_cents + case
            when rest_rank <= given_cents - sum(whole_cents) over (
                partition by month_date, from_organisation_id, from_cost_pool_code
            ) then 1
            else 0
        end as part_cents
    from ranked
)

select
    {%- for name in columns %}
    pool.{{ name }},
    {%- endfor %}
    pool.amount_cents
    + coalesce(received.part_cents, 0)
    - coalesce(given.part_cents, 0) as amount_cents
from {{ before }} as pool
left join (
    select
        month_date,
        organisation_id,
        cost_pool_code,
        sum(part_cents) as part_cents
    from part
    group by month_date, organisation_id, cost_pool_code
) as received
    on pool.month_date = received.month_date
    and pool.organisation_id = received.organisation_id
    and pool.cost_pool_code = received.cost_pool_code
left join (
    select
        month_date,
        from_organisation_id,
        from_cost_pool_code,
        sum(part_cents) as part_cents
    from part
    group by month_date, from_organisation_id, from_cost_pool_code
) as given
    on pool.month_date = given.month_date
    and pool.organisation_id = given.from_organisation_id
    and pool.cost_pool_code = given.from_cost_pool_code
{%- endmacro %}
