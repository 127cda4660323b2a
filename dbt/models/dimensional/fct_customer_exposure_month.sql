-- One row per customer and month with money lent or provided for: his part of the exposure of his
-- accounts, divided among holders like everything else of them.
{{ partitioned_from_month('month_date') }}
with rebuilt as (
    select min(month_date) as first_month_date from {{ ref('int_account__share_month') }}
),

{%- set measures = ['drawn_average_amount', 'ead_amount', 'risk_weighted_amount', 'expected_loss_amount'] %}

divided as (
    select
        coalesce(holder.customer_key, {{ var('unassigned_pk') }}) as customer_key,
        coalesce(holder.customer_fk, {{ var('unassigned_pk') }}) as customer_fk,
        exposure.days_count,
        {%- for name in measures %}
        {{ part_between(
            'exposure.' ~ name, 'coalesce(holder.from_units, 0)', 'coalesce(holder.to_units, ' ~ whole_units() ~ ')'
        ) }} as {{ name }},
        {%- endfor %}
        exposure.month_date
    from {{ ref('fct_exposure_month') }} as exposure
    inner join rebuilt on exposure.month_date >= rebuilt.first_month_date
    left join {{ ref('int_account__share_month') }} as holder
        on exposure.account_key = holder.account_key and exposure.month_date = holder.month_date
)

select
    cast(customer_key as bigint) as customer_key,
    cast(max(customer_fk) as bigint) as customer_fk,
    cast(max(days_count) as int) as days_count,
    {%- for name in measures %}
    cast({{ total_of(name) }} as decimal(18, 2)) as {{ name }},
    {%- endfor %}
    cast(month_date as date) as month_date
from divided
group by customer_key, month_date
