-- One row per fine or reward and proof of it: what was breached and when, what won, and what was asked beside it.
{% set measures = {'volume': 'volume_count', 'opening': 'opening_count', 'overdue': 'overdue_count'} %}
with fine_proof as (
    select
        incentive.incentive_pk as incentive_fk,
        breach.proof_code,
        breach.fact_name,
        breach.proof_date,
        breach.customer_fk,
        breach.employee_fk,
        breach.proof_value,
        null as is_passed
    from {{ ref('fct_incentive') }} as incentive
    inner join {{ ref('int_incentive__list_breach') }} as breach
        on incentive.subject_type_code = breach.subject_type_code
        and incentive.subject_id = breach.subject_id
        and incentive.incentive_code = breach.incentive_code
        and incentive.period_start_date = breach.period_start_date
),

reward_line as (
    select
        incentive_pk as incentive_fk,
        subject_id as team_id,
        month_date,
        period_end_date
    from {{ ref('fct_incentive') }}
    where incentive_type_code = 'reward'
),

{% for code, column in measures.items() -%}
{{ code }}_proof as (
    select
        reward_line.incentive_fk,
        '{{ code }}' as proof_code,
        'fct_team_month' as fact_name,
        reward_line.period_end_date as proof_date,
        team_month.{{ column }} as proof_value,
        null as is_passed
    from reward_line
    inner join {{ ref('fct_team_month') }} as team_month
        on reward_line.team_id = team_month.team_id and reward_line.month_date = team_month.month_date
),

{% endfor -%}
gate_proof as (
    select
        reward_line.incentive_fk,
        gate.condition_code as proof_code,
        'fct_reward_gate' as fact_name,
        reward_line.period_end_date as proof_date,
        gate.found_value as proof_value,
        gate.is_passed
    from reward_line
    inner join {{ ref('fct_reward_gate') }} as gate
        on reward_line.team_id = gate.team_id and reward_line.month_date = gate.month_date
),

proof as (
    select
        incentive_fk,
        proof_code,
        fact_name,
        proof_date,
        customer_fk,
        employee_fk,
        cast(proof_value as decimal(18, 8)) as proof_value,
        cast(is_passed as boolean) as is_passed
    from fine_proof
    {%- for name in (measures | list) + ['gate'] %}
    union all
    select
        incentive_fk,
        proof_code,
        fact_name,
        proof_date,
        {{ var('unassigned_pk') }} as customer_fk,
        {{ var('unassigned_pk') }} as employee_fk,
        cast(proof_value as decimal(18, 8)) as proof_value,
        cast(is_passed as boolean) as is_passed
    from {{ name }}_proof
    {%- endfor %}
)

select
    cast(incentive_fk as bigint) as incentive_fk,
    cast(
        row_number() over (
            partition by incentive_fk
            order by proof_date, fact_name, proof_code, customer_fk, employee_fk, proof_value
        ) as int
    ) as proof_number,
    cast(proof_code as {{ t_string() }}) as proof_code,
    cast(fact_name as {{ t_string() }}) as fact_name,
    cast(proof_date as date) as proof_date,
    cast(customer_fk as bigint) as customer_fk,
    cast(employee_fk as bigint) as employee_fk,
    cast(proof_value as decimal(18, 8)) as proof_value,
    cast(is_passed as boolean) as is_passed
from proof
