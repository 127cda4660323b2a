-- One row per month, set of methods, product and method with accounts whose price rests on a curve from
-- before the first delivered one.
select
    cast(method_set_code as {{ t_string() }}) as method_set_code,
    cast(product_fk as bigint) as product_fk,
    cast(method_code as {{ t_string() }}) as method_code,
    cast(count(*) as bigint) as account_count,
    cast(sum(case when first_curve_count > 0 then 1 else 0 end) as bigint) as first_curve_account_count,
    cast(sum(case when method_code = 'ladder' then {{ idiv('tenor_days', 30) }} else 1 end) as bigint)
        as curve_count,
    cast(sum(first_curve_count) as bigint) as first_curve_count,
    cast({{ total_of('ftp_amount') }} as decimal(18, 2)) as ftp_amount,
    cast({{ total_of('case when first_curve_count > 0 then ftp_amount else 0 end') }} as decimal(18, 2))
        as first_curve_ftp_amount,
    cast(month_date as date) as month_date
from {{ ref('fct_ftp_month') }}
where component_code = 'base' and first_curve_count is not null
group by month_date, method_set_code, product_fk, method_code
having sum(first_curve_count) > 0
