-- One row per manager who looks after customers, and month: what his score is made of.
with average as (
    select
        employee_id,
        month_date,
        {{ total_of("case when pillar_code = 'liability' then balance_days_amount else 0 end") }}
            as deposit_days_amount,
        {{ total_of("case when pillar_code = 'asset' then balance_days_amount else 0 end") }} as loan_days_amount,
        {{ total_of("case when pillar_code = 'liability' then factored_balance_days_amount else 0 end") }}
            as factored_deposit_days_amount,
        {{ total_of("case when pillar_code = 'asset' then factored_balance_days_amount else 0 end") }}
            as factored_loan_days_amount,
        {{ total_of("case when pillar_code = 'liability' then factored_base_days_amount else 0 end") }}
            as deposit_base_days_amount,
        {{ total_of("case when pillar_code = 'asset' then factored_base_days_amount else 0 end") }}
            as loan_base_days_amount,
        max(days_count) as days_count
    from {{ ref('mart_performance__manager_balance_month') }}
    group by employee_id, month_date
),

exposed as (
    select
        manager.employee_id,
        exposure.month_date,
        exposure.five_class_code,
        {{ part_between('exposure.drawn_average_amount', 'manager.from_units', 'manager.to_units') }} as drawn_amount
    from {{ ref('fct_exposure_month') }} as exposure
    inner join {{ ref('bridge_customer_manager') }} as manager
        on exposure.customer_key = manager.customer_key
        and {{ as_at('manager', month_reached('exposure.month_date')) }}
    where exposure.five_class_code is not null
),

-- The share of the drawn loans that nobody has reason to doubt.
sound as (
    select
        employee_id,
        month_date,
        {{ ratio_of(
            total_of("case when five_class_code = 'normal' then drawn_amount else 0 end"),
            total_of('drawn_amount'),
        ) }} as sound_loan_rate
    from exposed
    group by employee_id, month_date
),

satisfied as (
    select
        person.employee_id,
        {{ month_first('callback.called_date') }} as month_date,
        cast(sum(callback.satisfaction_score) as decimal(18, 4)) / count(callback.satisfaction_score)
            as satisfaction_score
    from {{ ref('fct_callback') }} as callback
    inner join {{ ref('dim_employee') }} as person on callback.visited_employee_fk = person.employee_pk
    where callback.satisfaction_score is not null
    group by person.employee_id, {{ month_first('callback.called_date') }}
)

select
    cast(month.manager_fk as bigint) as manager_fk,
    cast(month.employee_id as {{ t_string() }}) as employee_id,
    cast(month.days_count as int) as days_count,
    -- Who has no balance to look after has one of nothing.
    {%- for name, days_amount in {
        'deposit_average_amount': 'average.deposit_days_amount',
        'loan_average_amount': 'average.loan_days_amount',
        'deposit_increment_amount': '(average.factored_deposit_days_amount - average.deposit_base_days_amount)',
        'deposit_base_amount': 'average.deposit_base_days_amount',
        'loan_increment_amount': '(average.factored_loan_days_amount - average.loan_base_days_amount)',
        'loan_base_amount': 'average.loan_base_days_amount',
    }.items() %}
    cast(coalesce({{ average_over(days_amount, 'average.days_count') }}, 0) as decimal(18, 2)) as {{ name }},
    {%- endfor %}
    cast(month.fee_income_amount as decimal(18, 2)) as fee_income_amount,
    cast(sound.sound_loan_rate as decimal(12, 8)) as sound_loan_rate,
    cast(month.contribution_amount as decimal(18, 2)) as contribution_amount,
    cast(month.visit_compliance_rate as decimal(12, 8)) as visit_compliance_rate,
    cast(satisfied.satisfaction_score as decimal(6, 4)) as satisfaction_score,
    cast(month.opening_count as bigint) as opening_count,
    cast(month.month_date as date) as month_date
from {{ ref('mart_performance__manager_month') }} as month
left join average
    on month.employee_id = average.employee_id and month.month_date = average.month_date
left join sound on month.employee_id = sound.employee_id and month.month_date = sound.month_date
left join satisfied
    on month.employee_id = satisfied.employee_id and month.month_date = satisfied.month_date
where month.manager_fk <> {{ var('unassigned_pk') }} and month.customer_count + month.shared_customer_count > 0
