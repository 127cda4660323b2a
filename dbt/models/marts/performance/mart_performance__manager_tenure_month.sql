-- One row per manager, band of tenure of his customers, and month: new customers against old ones.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('mart_performance__manager_tenure_month', back_months=1) %}
select
    cast(person.employee_id as {{ t_string() }}) as employee_id,
    cast(class.tenure_band_code as {{ t_string() }}) as tenure_band_code,
    cast(max(class.days_count) as int) as days_count,
    cast(count(*) as bigint) as customer_count,
    cast({{ total_of('month.average_deposit_amount') }} as decimal(18, 2)) as average_deposit_amount,
    cast({{ total_of('month.average_loan_amount') }} as decimal(18, 2)) as average_loan_amount,
    cast({{ total_of('month.contribution_amount') }} as decimal(18, 2)) as contribution_amount,
    cast(class.month_date as date) as month_date
from {{ ref('mart_profitability__customer_class_month') }} as class
inner join {{ ref('mart_profitability__customer_month') }} as month
    on class.customer_key = month.customer_key and class.month_date = month.month_date
inner join {{ ref('dim_employee') }} as person on class.manager_fk = person.employee_pk
where {{ in_rebuilt('class.month_date', first_month) }}
group by person.employee_id, class.tenure_band_code, class.month_date
