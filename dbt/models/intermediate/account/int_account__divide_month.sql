-- One row per account, month and customer whom a part of it belongs to: his part of what it
-- holds and brings. Its postings, and the account itself, are counted at the customer on its record.
{%- set first_month = rebuilt_from('fct_customer_month') %}
{%- set parted = [
    'balance_days_amount', 'closing_balance_amount', 'interest_income_amount', 'interest_expense_amount', 'ftp_amount',
    'fee_amount', 'direct_cost_amount',
] %}
{%- set counted = {
    'inflow_amount': 'account_month.inflow_amount',
    'outflow_amount': 'account_month.outflow_amount',
    'rival_outflow_amount': 'account_month.rival_outflow_amount',
    'transaction_count': 'account_month.transaction_count',
    'customer_transaction_count': 'account_month.customer_transaction_count',
    'missing_rate_account_count': 'case when account_month.is_rate_missing then 1 else 0 end',
    'open_account_count': 'case when account_month.is_open then 1 else 0 end',
    'opened_account_count': 'case when account_month.is_opened_in_month then 1 else 0 end',
    'closed_account_count': 'case when account_month.is_closed_in_month then 1 else 0 end',
} %}
select
    cast(account_month.account_key as bigint) as account_key,
    cast(account_month.account_fk as bigint) as account_fk,
    cast(holder.customer_key as bigint) as customer_key,
    cast(holder.customer_fk as bigint) as customer_fk,
    cast(account_month.product_fk as bigint) as product_fk,
    cast(account_month.organisation_fk as bigint) as organisation_fk,
    cast(product.pillar_code as {{ t_string() }}) as pillar_code,
    cast(product.product_id as {{ t_string() }}) as product_id,
    cast(account_month.last_customer_transaction_date as date) as last_customer_transaction_date,
    {%- for name in parted %}
    cast({{ part_between('account_month.' ~ name, 'holder.from_units', 'holder.to_units') }} as decimal(18, 2))
        as {{ name }},
    {%- endfor %}
    cast({{ part_between(
        '(account_month.transaction_cost_amount - account_month.direct_cost_amount)',
        'holder.from_units', 'holder.to_units'
    ) }} as decimal(18, 2)) as indirect_cost_amount,
    {%- for name, number in counted.items() %}
    {%- set type = 'decimal(18, 2)' if name.endswith('_amount') else 'bigint' %}
    cast(case when holder.is_record_customer then {{ number }} else 0 end as {{ type }}) as {{ name }},
    {%- endfor %}
    cast(holder.from_units as bigint) as from_units,
    cast(holder.to_units as bigint) as to_units,
    cast(account_month.month_date as date) as month_date
from {{ ref('fct_account_month') }} as account_month
inner join {{ ref('int_account__share_month') }} as holder
    on account_month.account_key = holder.account_key
    and account_month.month_date = holder.month_date
left join {{ ref('dim_product') }} as product on account_month.product_fk = product.product_pk
where {{ in_rebuilt('account_month.month_date', first_month) }}
