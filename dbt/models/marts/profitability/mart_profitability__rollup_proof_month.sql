-- One row per month, rule set and way to roll the profit statement up: what its members sum to, what
-- the statement sums to, and by how much they differ, which must be nothing.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('mart_profitability__rollup_proof_month') %}
{#- Each way with the figures it starts from and what tells its members apart. -#}
{%- set rollups = {
    'account': ('statement', 'account.account_key'),
    'customer': ('by_customer', 'customer.customer_key'),
    'customer_group': ('by_customer', "coalesce(customer_group.group_id, " ~ as_text('customer.customer_key') ~ ')'),
    'manager': ('by_customer', 'employee.employee_id'),
    'district': ('by_customer', 'district.district_id'),
    'value_class': ('by_customer', "coalesce(value_class.value_class_code, 'unassigned')"),
    'unit': ('by_unit', 'unit.organisation_id'),
    'pillar': ('by_product', "coalesce(product.pillar_code, 'unassigned')"),
} %}
{%- for level in range(1, 6) %}
{%- do rollups.update({'unit_level_' ~ level: ('by_unit', names_down_to('unit', level))}) %}
{%- do rollups.update({'product_level_' ~ level: ('by_product', names_down_to('product', level))}) %}
{%- endfor %}
with statement as (
    select
        profit.account_fk,
        profit.customer_fk,
        profit.customer_key,
        profit.product_fk,
        profit.organisation_fk,
        cause.is_ledger_placement,
        profit.rule_set_code,
        {{ total_of('profit.amount') }} as amount,
        profit.month_date
    from {{ ref('fct_profit_month') }} as profit
    inner join {{ ref('dim_profit_cause') }} as cause on profit.cause_code = cause.cause_code
    where {{ in_rebuilt('profit.month_date', first_month) }}
    group by
        profit.account_fk, profit.customer_fk, profit.customer_key, profit.product_fk,
        profit.organisation_fk, cause.is_ledger_placement, profit.rule_set_code, profit.month_date
),

{%- for name, key in {
    'by_customer': 'customer_fk, customer_key', 'by_unit': 'organisation_fk', 'by_product': 'product_fk',
}.items() %}

{{ name }} as (
    select
        {{ key }},
        rule_set_code,
        {{ total_of('amount') }} as amount,
        month_date
    from statement
    {%- if name == 'by_unit' %}
    -- A unit answers for what it earns and causes, not for what its books hold for others.
    where not is_ledger_placement
    {%- endif %}
    group by {{ key }}, rule_set_code, month_date
),
{%- endfor %}

rolled as (
    {%- for rollup, (figures, member) in rollups.items() %}
    {{ rolled_up(figures, rollup, member) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

whole as (
    select
        rule_set_code,
        {{ total_of('amount') }} as statement_amount,
        month_date
    from {{ ref('fct_profit_month') }}
    where {{ in_rebuilt('month_date', first_month) }}
    group by rule_set_code, month_date
),

rollup as (
    {%- for rollup in rollups %}
    select '{{ rollup }}' as rollup_code
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- A way that lost every row has to be seen, too.
listed as (
    select
        whole.*,
        rollup.rollup_code
    from whole
    cross join rollup
)

select
    cast(listed.rollup_code as {{ t_string() }}) as rollup_code,
    cast(listed.rule_set_code as {{ t_string() }}) as rule_set_code,
    cast({{ month_days('listed.month_date') }} as int) as days_count,
    cast(coalesce(rolled.member_count, 0) as bigint) as member_count,
    cast(coalesce(rolled.rollup_amount, 0) as decimal(18, 2)) as rollup_amount,
    cast(listed.statement_amount as decimal(18, 2)) as statement_amount,
    cast(coalesce(rolled.rollup_amount, 0) - listed.statement_amount as decimal(18, 2)) as difference_amount,
    cast(listed.month_date as date) as month_date
from listed
left join rolled
    on listed.rollup_code = rolled.rollup_code
    and listed.rule_set_code = rolled.rule_set_code
    and listed.month_date = rolled.month_date
