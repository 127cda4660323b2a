-- One row per customer and month: who is still there, for how long, and what he is worth until then.
{{ partitioned_from_month('month_date') }}
{{ config(tags=['after_scores']) }}
{%- set first_month = rebuilt_from('fct_customer_lifetime_month', unfinished='1 = 0') %}
{%- set figures = [
    'customer_key', 'observation_date', 'population_code', 'history_month_count', 'act_day_count',
    'idle_day_count', 'alive_probability', 'expected_act_count', 'stayed_month_count', 'remaining_months',
    'remaining_months_low', 'remaining_months_high', 'state_number', 'lifetime_value', 'lifetime_value_low',
    'lifetime_value_high', 'renewal_value', 'renewal_value_low', 'renewal_value_high',
] %}
with {{ findings_of_month(
    ref('stg_ml__customer_lifetime'), key=['customer_key', 'observation_date'], figures=figures, first_month=first_month,
) }},

customer as (
    {{ carried_versions(ref('dim_customer'), 'customer', 'customer_key') }}
)

select
    cast({{ month_first('latest.observation_date') }} as date) as month_date,
    cast(coalesce(customer.customer_pk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(latest.customer_key as bigint) as customer_key,
    cast(latest.observation_date as date) as observation_date,
    cast(latest.population_code as {{ t_string() }}) as population_code,
    cast(latest.history_month_count as int) as history_month_count,
    cast(latest.act_day_count as int) as act_day_count,
    cast(latest.idle_day_count as int) as idle_day_count,
    cast(round(latest.alive_probability, 9) as double) as alive_probability,
    cast(round(latest.expected_act_count, 9) as double) as expected_act_count,
    cast(latest.stayed_month_count as int) as stayed_month_count,
    cast(round(latest.remaining_months, 9) as double) as remaining_months,
    cast(round(latest.remaining_months_low, 9) as double) as remaining_months_low,
    cast(round(latest.remaining_months_high, 9) as double) as remaining_months_high,
    cast(latest.state_number as int) as state_number,
    cast(latest.lifetime_value as decimal(18, 2)) as lifetime_value_amount,
    cast(latest.lifetime_value_low as decimal(18, 2)) as lifetime_value_low_amount,
    cast(latest.lifetime_value_high as decimal(18, 2)) as lifetime_value_high_amount,
    cast(latest.renewal_value as decimal(18, 2)) as renewal_value_amount,
    cast(latest.renewal_value_low as decimal(18, 2)) as renewal_value_low_amount,
    cast(latest.renewal_value_high as decimal(18, 2)) as renewal_value_high_amount
from latest
left join customer
    on latest.customer_key = customer.customer_key
    and {{ as_at('customer', 'latest.observation_date') }}
