-- One row per customer and month since the customer was registered.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('fct_customer_month') %}
{%- set counted = [
    'transaction_count', 'customer_transaction_count', 'missing_rate_account_count',
    'open_account_count', 'opened_account_count', 'closed_account_count',
] %}
{%- set summed = [
    'inflow_amount', 'outflow_amount', 'rival_outflow_amount', 'fee_amount',
    'transaction_cost_amount', 'contribution_amount',
] + counted %}
{%- set by_pillar = ['balance_days_amount', 'closing_amount', 'margin_amount'] %}
with holding as (
    select
        customer_key,
        month_date,
        pillar_code,
        product_id,
        {{ total_of('balance_days_amount') }} as balance_days_amount,
        {{ total_of('closing_balance_amount') }} as closing_amount,
        {{ total_of('interest_income_amount + interest_expense_amount + ftp_amount') }} as margin_amount,
        {{ total_of('direct_cost_amount + indirect_cost_amount') }} as transaction_cost_amount,
        {{ total_of(
            'interest_income_amount + interest_expense_amount + ftp_amount + fee_amount'
            ~ ' + direct_cost_amount + indirect_cost_amount'
        ) }} as contribution_amount,
        {%- for name in ['inflow', 'outflow', 'rival_outflow', 'fee'] %}
        {{ total_of(name ~ '_amount') }} as {{ name }}_amount,
        {%- endfor %}
        {%- for name in counted %}
        sum({{ name }}) as {{ name }},
        {%- endfor %}
        max(last_customer_transaction_date) as last_customer_transaction_date
    from {{ ref('int_account__divide_month') }}
    where {{ in_rebuilt('month_date', first_month) }}
    group by customer_key, month_date, pillar_code, product_id
),

held as (
    select
        customer_key,
        month_date,
        {%- for pillar, word in [('liability', 'deposit'), ('asset', 'loan')] %}
        {%- for name in by_pillar if name != 'margin_amount' %}
        {{ total_of("case when pillar_code = '" ~ pillar ~ "' then " ~ name ~ ' else 0 end') }}
            as {{ word }}_{{ name }},
        {%- endfor %}
        {%- endfor %}
        -- What is no loan's is a deposit's, so that nothing is lost where a product changed.
        {{ total_of("case when pillar_code = 'asset' then 0 else margin_amount end") }}
            as deposit_margin_amount,
        {{ total_of("case when pillar_code = 'asset' then margin_amount else 0 end") }}
            as loan_margin_amount,
        {{ summed_measures(summed) }},
        sum(case when open_account_count > 0 then 1 else 0 end) as product_count,
        max(last_customer_transaction_date) as last_customer_transaction_date
    from holding
    group by customer_key, month_date
),

customer_version as (
    {{ carried_versions(ref('dim_customer'), 'customer', 'customer_key') }}
),

history as (
    select min(month_date) as first_month_date from {{ ref('fct_account_month') }}
),

first_opened as (
    select
        customer_key,
        min(opened_date) as opened_date
    from {{ ref('dim_customer') }}
    where customer_pk <> {{ var('unassigned_pk') }}
    group by customer_key
),

-- Customers with nothing count too: whoever left is still in the table, with zeros.
registered as (
    select
        customer.customer_key,
        month.month_date
    from {{ month_list(first_month) }} as month
    inner join history on month.month_date >= history.first_month_date
    inner join first_opened as customer
        on coalesce(customer.opened_date, {{ first_valid_date() }})
        <= {{ month_reached('month.month_date') }}
),

present as (
    select
        coalesce(registered.customer_key, held.customer_key) as customer_key,
        coalesce(registered.month_date, held.month_date) as month_date,
        {%- for word in ['deposit', 'loan'] %}
        {%- for name in by_pillar %}
        coalesce(held.{{ word }}_{{ name }}, 0) as {{ word }}_{{ name }},
        {%- endfor %}
        {%- endfor %}
        {%- for name in summed + ['product_count'] %}
        coalesce(held.{{ name }}, 0) as {{ name }},
        {%- endfor %}
        max(held.last_customer_transaction_date) over (
            partition by coalesce(registered.customer_key, held.customer_key)
            order by coalesce(registered.month_date, held.month_date)
            rows between unbounded preceding and current row
        ) as last_customer_transaction_date
    from registered
    full outer join held
        on registered.customer_key = held.customer_key and registered.month_date = held.month_date
)

select
    cast(coalesce(customer.customer_pk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(present.customer_key as bigint) as customer_key,
    cast({{ month_reached('present.month_date') }} as date) as observation_date,
    cast({{ month_days('present.month_date') }} as int) as days_count,
    {%- for word in ['deposit', 'loan'] %}
    {%- for name in by_pillar %}
    cast(present.{{ word }}_{{ name }} as decimal(18, 2)) as {{ word }}_{{ name }},
    {%- endfor %}
    cast(
        {{ average_over('present.' ~ word ~ '_balance_days_amount', month_days('present.month_date')) }}
        as decimal(18, 2)
    ) as {{ word }}_average_amount,
    {%- endfor %}
    {%- for name in summed + ['product_count'] %}
    cast(present.{{ name }} as {{ 'decimal(18, 2)' if name.endswith('_amount') else 'bigint' }}) as {{ name }},
    {%- endfor %}
    cast({{ latest_of('present.last_customer_transaction_date', 'carried.last_customer_transaction_date') if first_month
        else 'present.last_customer_transaction_date' }} as date) as last_customer_transaction_date,
    cast(present.month_date as date) as month_date
from present
left join customer_version as customer
    on present.customer_key = customer.customer_key
    and {{ as_at('customer', month_reached('present.month_date')) }}
{%- if first_month %}
left join {{ this }} as carried
    on present.customer_key = carried.customer_key
    and carried.month_date = {{ date_literal(month_before(first_month, 1)) }}
{%- endif %}
