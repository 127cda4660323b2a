-- One row per borrower, period and figure that he declared, with who looks after him and how the figure
-- compares with what is seen.
select
    cast(test.customer_fk as bigint) as customer_fk,
    cast(test.customer_key as bigint) as customer_key,
    cast(customer.organisation_fk as bigint) as organisation_fk,
    cast(customer.manager_fk as bigint) as manager_fk,
    cast(test.employee_fk as bigint) as employee_fk,
    cast(test.period_start_date as date) as period_start_date,
    cast(test.period_end_date as date) as period_end_date,
    cast(test.declared_date as date) as declared_date,
    cast(test.figure_code as {{ t_string() }}) as figure_code,
    cast(test.figure_name_zh as {{ t_string() }}) as figure_name_zh,
    cast(test.figure_name_en as {{ t_string() }}) as figure_name_en,
    cast(test.industry_code as {{ t_string() }}) as industry_code,
    cast(test.peer_group_code as {{ t_string() }}) as peer_group_code,
    cast(test.peer_count as int) as peer_count,
    cast(test.declared_value as decimal(18, 4)) as declared_value,
    cast(test.seen_amount as decimal(18, 2)) as seen_amount,
    cast(test.covered_rate as decimal(9, 4)) as covered_rate,
    cast(test.estimate_value as decimal(18, 4)) as estimate_value,
    cast(test.low_value as decimal(18, 4)) as low_value,
    cast(test.high_value as decimal(18, 4)) as high_value,
    cast(coalesce(month.loan_closing_amount, 0) as decimal(18, 2)) as loan_amount,
    cast(test.verdict_code as {{ t_string() }}) as verdict_code,
    cast(test.verdict_name_zh as {{ t_string() }}) as verdict_name_zh,
    cast(test.verdict_name_en as {{ t_string() }}) as verdict_name_en,
    cast(test.reason_code as {{ t_string() }}) as reason_code,
    cast(test.reason_text_zh as {{ t_string() }}) as reason_text_zh,
    cast(test.reason_text_en as {{ t_string() }}) as reason_text_en,
    cast(test.test_count as int) as test_count
from {{ ref('fct_truth_test') }} as test
inner join {{ ref('dim_customer') }} as customer on test.customer_fk = customer.customer_pk
-- What he owed at the end of the month in which he declared.
left join {{ ref('fct_customer_month') }} as month
    on test.customer_key = month.customer_key
    and {{ month_first('test.declared_date') }} = month.month_date
