-- One row per borrower, period and figure that he declared, as last delivered.
with declaration as (
    {{ pick_latest_small(
        ref('stg_credit__declared_financials'),
        key=['customer_id', 'period_start_date', 'period_end_date'],
        columns=[
            'customer_id', 'period_start_date', 'period_end_date', 'industry_code', 'turnover_amount',
            'gross_margin_rate', 'output_amount', 'employee_id', 'declared_date',
        ],
        where='declared_date <= ' ~ business_date(),
    ) }}
),

customer_version as (
    {{ carried_versions(
        ref('dim_customer'), 'customer', 'customer_key', ['population_type_code', 'party_type_code', 'industry_code']
    ) }}
),

known as (
    select
        assigned.customer_key,
        customer.customer_pk,
        declaration.period_start_date,
        declaration.period_end_date,
        declaration.employee_id,
        declaration.declared_date,
        coalesce(declaration.industry_code, customer.industry_code) as industry_code,
        coalesce(customer.population_type_code, customer.party_type_code) as peer_kind_code,
        cast(declaration.turnover_amount as decimal(18, 4)) as turnover_value,
        cast(declaration.output_amount as decimal(18, 4)) as output_value,
        cast(declaration.gross_margin_rate as decimal(18, 4)) as gross_margin_value
    from declaration
    inner join {{ ref('int_customer__assign_key') }} as assigned on declaration.customer_id = assigned.customer_id
    left join customer_version as customer
        on assigned.customer_key = customer.customer_key
        and {{ as_at('customer', 'declaration.declared_date') }}
),

figure as (
    {%- for code in ['turnover', 'output', 'gross_margin'] %}
    select
        known.*,
        '{{ code }}' as figure_code,
        known.{{ code }}_value as declared_value
    from known
    where known.{{ code }}_value is not null
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
    figure.figure_code,
    figure.declared_value,
    rule.basis_code,
    rule.order_number,
    rule.figure_name_zh,
    rule.figure_name_en,
    substr(figure.industry_code, 1, rule.industry_digit_count) as industry_group_code,
    rule.minimum_peer_count,
    rule.fence_count,
    rule.minimum_flow_amount,
    rule.minimum_covered_rate
from figure
inner join {{ ref('truth_test_rule') }} as rule
    on figure.figure_code = rule.figure_code and {{ as_at('rule', 'figure.declared_date') }}
