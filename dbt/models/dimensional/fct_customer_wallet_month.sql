-- One row per customer and month: what he holds with other banks, as it was said and as it is estimated.
{{ partitioned_from_month('month_date') }}
{{ config(tags=['after_scores']) }}
{%- set first_month = rebuilt_from('fct_customer_wallet_month', unfinished='1 = 0') %}
{%- set figures = [
    'customer_key', 'observation_date', 'size_class_code', 'method_code', 'estimate', 'estimate_low',
    'estimate_high', 'said', 'said_date',
] %}
with {{ findings_of_month(
    ref('stg_ml__customer_wallet'), key=['customer_key', 'observation_date'], figures=figures, first_month=first_month,
) }},

customer as (
    {{ carried_versions(ref('dim_customer'), 'customer', 'customer_key') }}
)

select
    cast({{ month_first('latest.observation_date') }} as date) as month_date,
    cast(coalesce(customer.customer_pk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(latest.customer_key as bigint) as customer_key,
    cast(latest.observation_date as date) as observation_date,
    cast(latest.size_class_code as {{ t_string() }}) as size_class_code,
    cast(latest.method_code as {{ t_string() }}) as method_code,
    cast(latest.estimate as decimal(18, 2)) as estimate_amount,
    cast(latest.estimate_low as decimal(18, 2)) as estimate_low_amount,
    cast(latest.estimate_high as decimal(18, 2)) as estimate_high_amount,
    cast(latest.said as decimal(18, 2)) as said_amount,
    cast(latest.said_date as date) as said_date
from latest
left join customer
    on latest.customer_key = customer.customer_key
    and {{ as_at('customer', 'latest.observation_date') }}
