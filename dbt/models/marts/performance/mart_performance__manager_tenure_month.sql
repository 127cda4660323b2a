-- One row per manager, band of tenure of his customers, and month: new customers against old ones.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('mart_performance__manager_tenure_month', back_months=1) %}
select
    cast(manager.employee_id as {{ t_string() }}) as employee_id,
    cast(class.tenure_band_code as {{ t_string() }}) as tenure_band_code,
    cast(max(class.days_count) as int) as days_count,
    cast(sum(case when manager.is_recorded then 1 else 0 end) as bigint) as customer_count,
    {%- for name in ['average_deposit_amount', 'average_loan_amount', 'contribution_amount'] %}
    cast(
        {{ total_of(part_between('month.' ~ name, 'manager.from_units', 'manager.to_units')) }}
        as decimal(18, 2)
    ) as {{ name }},
    {%- endfor %}
    cast(class.month_date as date) as month_date
from {{ ref('mart_profitability__customer_class_month') }} as class
inner join {{ ref('mart_profitability__customer_month') }} as month
    on class.customer_key = month.customer_key and class.month_date = month.month_date
inner join {{ ref('bridge_customer_manager') }} as manager
    on class.customer_key = manager.customer_key
    and {{ as_at('manager', month_reached('class.month_date')) }}
where {{ in_rebuilt('class.month_date', first_month) }}
group by manager.employee_id, class.tenure_band_code, class.month_date
