-- One row per customer with a business, month and kind of money paid in: sales, own money, loans,
-- refunds, interest and other income.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('fct_business_inflow_month') %}
with posting as (
    select
        customer.customer_key,
        posting.month_date,
        coalesce(mark.treatment_code, rule.treatment_code, 'other_income') as treatment_code,
        {{ in_yuan('posting.amount', 'posting.currency_code', 'exchange.exchange_price') }} as amount,
        posting.transaction_count
    from {{ ref('fct_transaction') }} as posting
    inner join {{ ref('dim_customer') }} as customer on posting.customer_fk = customer.customer_pk
    inner join {{ ref('dim_transaction_type') }} as transaction_type
        on posting.transaction_type_fk = transaction_type.transaction_type_pk
    inner join {{ ref('dim_product') }} as product on posting.product_fk = product.product_pk
    left join {{ ref('truth_inflow_rule') }} as rule
        on transaction_type.transaction_type_code = rule.transaction_type_code
        and {{ as_at('rule', 'posting.booked_date') }}
    left join {{ ref('int_truth__mark_inflow') }} as mark
        on posting.transaction_id = mark.transaction_id and posting.booked_date = mark.booked_date
    left join {{ ref('int_currency__find_rate') }} as exchange
        on {{ foreign_currency('posting.currency_code') }} = exchange.currency_code
        and posting.month_date = exchange.month_date
    where
        posting.signed_amount > 0
        and posting.booked_date <= {{ business_date() }}
        and {{ in_rebuilt('posting.month_date', first_month) }}
        and product.pillar_code <> 'asset'
        and (
            customer.population_type_code in ('merchant', 'company')
            or customer.party_type_code = 'company'
            or customer.industry_code is not null
        )
),

summed as (
    select
        customer_key,
        month_date,
        treatment_code,
        {{ total_of('amount') }} as inflow_amount,
        sum(transaction_count) as transaction_count
    from posting
    group by customer_key, month_date, treatment_code
),

customer_version as (
    {{ carried_versions(ref('dim_customer'), 'customer', 'customer_key') }}
)

select
    cast(coalesce(customer.customer_pk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(summed.customer_key as bigint) as customer_key,
    cast({{ month_days('summed.month_date') }} as int) as days_count,
    cast(summed.treatment_code as {{ t_string() }}) as treatment_code,
    cast(summed.inflow_amount as decimal(18, 2)) as inflow_amount,
    cast(summed.transaction_count as bigint) as transaction_count,
    cast(summed.month_date as date) as month_date
from summed
left join customer_version as customer
    on summed.customer_key = customer.customer_key
    and {{ as_at('customer', month_reached('summed.month_date')) }}
