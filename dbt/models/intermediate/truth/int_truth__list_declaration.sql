-- One row per borrower, period and figure that he declared, as last delivered.
with figure as (
    {%- for code, column in {
        'turnover': 'turnover_amount', 'output': 'output_amount', 'gross_margin': 'gross_margin_rate',
    }.items() %}
    select
        declaration.*,
        '{{ code }}' as figure_code,
        cast(declaration.{{ column }} as decimal(18, 4)) as declared_value
    from {{ ref('int_truth__read_declaration') }} as declaration
    where declaration.{{ column }} is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    figure.customer_key,
    figure.customer_pk,
    figure.period_start_date,
    figure.period_end_date,
    figure.employee_id,
    figure.declared_date,
    figure.industry_code,
    figure.peer_kind_code,
    figure.unusable_code,
    figure.figure_code,
    figure.declared_value,
    rule.basis_code,
    rule.order_number,
    rule.figure_name_zh,
    rule.figure_name_en,
    substr(figure.industry_digits, 1, rule.industry_digit_count) as industry_group_code,
    rule.minimum_peer_count,
    rule.fence_count,
    rule.minimum_flow_amount,
    rule.minimum_covered_rate
from figure
inner join {{ ref('truth_test_rule') }} as rule
    on figure.figure_code = rule.figure_code and {{ as_at('rule', 'figure.declared_date') }}
