-- One row per customer and month: quintiles of recency, frequency, amount and balance, segment and cluster.
{{ partitioned_from_month('month_date') }}
{{ config(tags=['after_scores']) }}
{%- set first_month = rebuilt_from('fct_customer_rfmb_month', unfinished='1 = 0') %}
{%- set figures = [
    'customer_key', 'observation_date', 'recency_quintile', 'frequency_quintile', 'amount_quintile',
    'balance_quintile', 'segment_code', 'cluster_number',
] %}
with {{ findings_of_month(
    ref('stg_ml__customer_rfmb'), key=['customer_key', 'observation_date'], figures=figures, first_month=first_month,
) }},

customer as (
    {{ carried_versions(ref('dim_customer'), 'customer', 'customer_key') }}
)

select
    cast({{ month_first('latest.observation_date') }} as date) as month_date,
    cast(coalesce(customer.customer_pk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(latest.customer_key as bigint) as customer_key,
    cast(latest.observation_date as date) as observation_date,
    cast(latest.recency_quintile as int) as recency_quintile,
    cast(latest.frequency_quintile as int) as frequency_quintile,
    cast(latest.amount_quintile as int) as amount_quintile,
    cast(latest.balance_quintile as int) as balance_quintile,
    cast(latest.segment_code as {{ t_string() }}) as segment_code,
    cast(latest.cluster_number as int) as cluster_number
from latest
left join customer
    on latest.customer_key = customer.customer_key
    and {{ as_at('customer', 'latest.observation_date') }}
