-- One row per manager who looks after customers, indicator of the score and month.
{%- set kpis = {
    'deposit_stock': 'deposit_average_amount',
    'deposit_increment': 'deposit_increment_amount',
    'loan_stock': 'loan_average_amount',
    'loan_increment': 'loan_increment_amount',
    'fee_income': 'fee_income_amount',
    'sound_loan': 'sound_loan_rate',
    'contribution': 'contribution_amount',
    'visit_compliance': 'visit_compliance_rate',
    'satisfaction': 'satisfaction_score',
    'opening': 'opening_count',
} %}
{%- set bases = {'deposit_increment': 'deposit_base_amount', 'loan_increment': 'loan_base_amount'} %}
with measured as (
    {%- for kpi_code, column in kpis.items() %}
    select
        employee_id,
        month_date,
        manager_fk,
        days_count,
        '{{ kpi_code }}' as kpi_code,
        cast({{ column }} as decimal(18, 4)) as actual_value,
        cast({{ bases.get(kpi_code, 'null') }} as decimal(18, 4)) as base_value
    from {{ ref('mart_performance__manager_measure_month') }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

target as (
    select
        subject_id as employee_id,
        period_start_date,
        period_end_date,
        target_value / ({{ months_apart('period_start_date', 'period_end_date') }} + 1) as target_value
    from {{ ref('fct_target') }}
    where subject_type_code = 'employee' and measure_code = 'account_opening'
),

aimed as (
    select
        measured.*,
        rule.weight_rate,
        rule.target_basis_code,
        rule.fixed_target_value,
        rule.target_rate,
        target.target_value as delivered_target_value,
        avg(measured.base_value) over (partition by measured.kpi_code, measured.month_date) as peer_base_value,
        -- What somebody lost makes nobody's target smaller: so all points together are never more than the weights.
        avg(case when measured.actual_value < 0 then 0 else measured.actual_value end) over (
            partition by measured.kpi_code, measured.month_date
        ) as peer_value
    from measured
    inner join {{ ref('kpi_rule') }} as rule
        on measured.kpi_code = rule.kpi_code
        and {{ as_at('rule', month_reached('measured.month_date')) }}
    left join target
        on measured.employee_id = target.employee_id
        and measured.month_date >= target.period_start_date
        and measured.month_date <= target.period_end_date
),

-- A small base grows manifold by one customer: nobody is asked for less than of the mean base.
based as (
    select
        *,
        cast(
            case target_basis_code
                when 'fixed' then fixed_target_value
                when 'delivered' then delivered_target_value
                when 'growth' then greatest(target_rate * greatest(base_value, peer_base_value), peer_value)
                else peer_value
            end as decimal(18, 4)
        ) as target_value
    from aimed
)

select
    cast(manager_fk as bigint) as manager_fk,
    cast(employee_id as {{ t_string() }}) as employee_id,
    cast(kpi_code as {{ t_string() }}) as kpi_code,
    cast(days_count as int) as days_count,
    cast(actual_value as decimal(18, 4)) as actual_value,
    cast(target_value as decimal(18, 4)) as target_value,
    cast(target_basis_code as {{ t_string() }}) as target_basis_code,
    cast(weight_rate as decimal(12, 8)) as weight_rate,
    -- Without an upper limit; nothing below 0. No score where there is nothing to measure it by.
    cast(
        case
            when target_value > 0 and actual_value is not null
                then cast(weight_rate as double) * 100 * greatest(cast(actual_value as double), 0)
                    / cast(target_value as double)
        end as decimal(18, 4)
    ) as score,
    cast(month_date as date) as month_date
from based
