-- One row per customer and month of a finding: P(alive), stay, state of value and lifetime value.
{{ config(tags=['after_scores']) }}
select
    cast(life.customer_key as bigint) as customer_key,
    cast(life.customer_fk as bigint) as customer_fk,
    cast(coalesce(customer.manager_fk, {{ var('unassigned_pk') }}) as bigint) as manager_fk,
    cast(coalesce(customer.organisation_fk, {{ var('unassigned_pk') }}) as bigint) as organisation_fk,
    cast(life.month_date as date) as month_date,
    cast(life.observation_date as date) as observation_date,
    cast(life.population_code as {{ t_string() }}) as population_code,
    cast(life.history_month_count as int) as history_month_count,
    cast(life.act_day_count as int) as act_day_count,
    cast(life.idle_day_count as int) as idle_day_count,
    cast(life.alive_probability as double) as alive_probability,
    cast(life.expected_act_count as double) as expected_act_count,
    cast(life.stayed_month_count as int) as stayed_month_count,
    cast(life.remaining_months as double) as remaining_months,
    cast(life.remaining_months_low as double) as remaining_months_low,
    cast(life.remaining_months_high as double) as remaining_months_high,
    cast(life.state_number as int) as state_number,
    cast(state.rule_zh as {{ t_string() }}) as state_rule_zh,
    cast(state.rule_en as {{ t_string() }}) as state_rule_en,
    cast(state.margin_amount as decimal(18, 2)) as state_margin_amount,
    cast(state.leave_rate as double) as state_leave_rate,
    cast(life.lifetime_value_amount as decimal(18, 2)) as lifetime_value_amount,
    cast(life.lifetime_value_low_amount as decimal(18, 2)) as lifetime_value_low_amount,
    cast(life.lifetime_value_high_amount as decimal(18, 2)) as lifetime_value_high_amount,
    cast(life.renewal_value_amount as decimal(18, 2)) as renewal_value_amount,
    cast(life.renewal_value_low_amount as decimal(18, 2)) as renewal_value_low_amount,
    cast(life.renewal_value_high_amount as decimal(18, 2)) as renewal_value_high_amount,
    cast(fit.note_zh as {{ t_string() }}) as fit_note_zh,
    cast(fit.note_en as {{ t_string() }}) as fit_note_en
from {{ ref('fct_customer_lifetime_month') }} as life
left join {{ ref('dim_customer') }} as customer on life.customer_fk = customer.customer_pk
left join {{ ref('fct_value_state_month') }} as state
    on life.month_date = state.month_date
    and life.observation_date = state.observation_date
    and life.state_number = state.state_number
left join {{ ref('fct_lifetime_fit_month') }} as fit
    on life.month_date = fit.month_date and life.population_code = fit.population_code
