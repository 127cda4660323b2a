-- One row per account, customer whom a part of it belongs to, and month: what his part brings, and what
-- it is charged by each method that rule sets choose from. Visits are a customer's without an account.
{%- set costs = [
    'direct_cost_amount', 'indirect_cost_amount', 'absorbed_direct_cost_amount', 'absorbed_indirect_cost_amount',
] %}
{%- set charges = costs + ['expected_loss_amount', 'provision_loss_amount', 'risk_weighted_amount'] %}
{%- set keys = ['account_fk', 'customer_key', 'customer_fk', 'product_fk', 'organisation_fk'] %}
{%- set incomes = ['interest_income_amount', 'interest_expense_amount', 'ftp_amount', 'fee_amount'] %}
with rebuilt as (
    select min(month_date) as first_month_date from {{ ref('int_account__divide_month') }}
),

loss as (
    select
        account_key,
        case when loss_method_code = 'expected' then loss_amount else 0 end as expected_loss_amount,
        case when loss_method_code = 'provision' then loss_amount else 0 end as provision_loss_amount,
        month_date
    from {{ ref('int_profit__charge_loss') }}
),

piece as (
    {%- for table, known in [
        (ref('int_profit__work_cost'), costs),
        ('loss', ['expected_loss_amount', 'provision_loss_amount']),
        (ref('fct_exposure_month'), ['risk_weighted_amount']),
    ] %}
    select
        account_key,
        {%- for name in charges %}
        {{ name if name in known else '0' }} as {{ name }},
        {%- endfor %}
        month_date
    from {{ table }}
    {{ 'where customer_key = ' ~ var('unassigned_pk') if loop.first }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

charge as (
    select
        piece.account_key,
        {%- for name in charges %}
        {{ total_of('piece.' ~ name) }} as {{ name }},
        {%- endfor %}
        piece.month_date
    from piece
    inner join rebuilt on piece.month_date >= rebuilt.first_month_date
    group by piece.account_key, piece.month_date
),

-- What was worked on or lent to and is no account that anybody knows is nobody's, and counts.
part as (
    select
        coalesce(part.account_key, charge.account_key) as account_key,
        {%- for name in keys %}
        coalesce(part.{{ name }}, {{ var('unassigned_pk') }}) as {{ name }},
        {%- endfor %}
        {%- for name in incomes + ['from_units'] %}
        coalesce(part.{{ name }}, 0) as {{ name }},
        {%- endfor %}
        coalesce(part.to_units, {{ whole_units() }}) as to_units,
        {%- for name in charges %}
        coalesce(charge.{{ name }}, 0) as {{ name }},
        {%- endfor %}
        coalesce(part.month_date, charge.month_date) as month_date
    from {{ ref('int_account__divide_month') }} as part
    full outer join charge
        on part.account_key = charge.account_key and part.month_date = charge.month_date
),

visited as (
    select
        customer_key,
        {%- for name in costs %}
        {{ total_of(name) }} as {{ name }},
        {%- endfor %}
        month_date
    from {{ ref('int_profit__work_cost') }}
    where customer_key <> {{ var('unassigned_pk') }}
    group by customer_key, month_date
)

select
    cast(account_key as bigint) as account_key,
    {%- for name in keys + ['from_units', 'to_units'] %}
    cast({{ name }} as bigint) as {{ name }},
    {%- endfor %}
    {%- for name in incomes %}
    cast({{ name }} as decimal(18, 2)) as {{ name }},
    {%- endfor %}
    {%- for name in charges if name != 'risk_weighted_amount' %}
    cast({{ part_between(name, 'from_units', 'to_units') }} as decimal(18, 2)) as {{ name }},
    {%- endfor %}
    -- Of the whole account: what capital costs is reckoned on it, and divided then.
    cast(risk_weighted_amount as decimal(18, 2)) as risk_weighted_amount,
    cast(month_date as date) as month_date
from part

union all

select
    cast({{ var('unassigned_pk') }} as bigint) as account_key,
    cast({{ var('unassigned_pk') }} as bigint) as account_fk,
    cast(visited.customer_key as bigint) as customer_key,
    cast(place.customer_fk as bigint) as customer_fk,
    cast({{ var('unassigned_pk') }} as bigint) as product_fk,
    cast(place.organisation_fk as bigint) as organisation_fk,
    cast(0 as bigint) as from_units,
    cast({{ whole_units() }} as bigint) as to_units,
    {%- for name in incomes + charges %}
    cast({{ 'visited.' ~ name if name in costs else '0' }} as decimal(18, 2)) as {{ name }},
    {%- endfor %}
    cast(visited.month_date as date) as month_date
from visited
inner join {{ ref('int_customer__place_month') }} as place
    on visited.customer_key = place.customer_key and visited.month_date = place.month_date
