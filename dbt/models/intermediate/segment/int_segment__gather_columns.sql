-- One row per customer and month since he was registered: whatever a segment may ask of him.
{%- set first_month = rebuilt_from('fct_segment_member_month') %}
select
    month.customer_key,
    month.customer_fk,
    month.month_date,
    month.days_count,
    month.observation_date,
    customer.population_type_code,
    customer.party_type_code,
    customer.level_code,
    class.class_code,
    stage.stage_code,
    month.deposit_closing_amount as deposit_amount,
    month.loan_closing_amount as loan_amount,
    -- A month that has just begun says nothing yet.
    greatest(month.inflow_amount, coalesce(earlier.inflow_amount, 0)) as inflow_amount,
    month.product_count,
    month.open_account_count,
    year(month.observation_date) - customer.birth_year as age_years
from {{ ref('fct_customer_month') }} as month
inner join {{ ref('dim_customer') }} as customer on month.customer_fk = customer.customer_pk
left join {{ ref('fct_customer_month') }} as earlier
    on month.customer_key = earlier.customer_key
    and earlier.month_date = {{ add_months_to('month.month_date', -1) }}
left join {{ ref('fct_customer_class') }} as class
    on month.customer_key = class.customer_key and month.month_date = class.month_date
left join {{ ref('fct_stage_month') }} as stage
    on month.customer_key = stage.customer_key and month.month_date = stage.month_date
where
    {{ in_rebuilt('month.month_date', first_month) }}
    and month.customer_key <> {{ var('unassigned_pk') }}
