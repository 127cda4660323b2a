-- One row per rule set and month that it holds in, rebuilt months only: what it takes of everything that
-- rules differ in.
with rebuilt as (
    select min(month_date) as first_month_date from {{ ref('int_account__divide_month') }}
)

select
    cast(rule.rule_set_code as {{ t_string() }}) as rule_set_code,
    cast(rule.ftp_method_set_code as {{ t_string() }}) as ftp_method_set_code,
    cast(rule.cost_method_code as {{ t_string() }}) as cost_method_code,
    cast(rule.loss_method_code as {{ t_string() }}) as loss_method_code,
    cast(rule.surtax_rate as decimal(12, 8)) as surtax_rate,
    cast(rule.income_tax_rate as decimal(12, 8)) as income_tax_rate,
    -- What a year's risk-weighted yuan costs: the capital that must stand for it, at its hurdle.
    cast(rule.capital_ratio_rate * rule.hurdle_rate as decimal(12, 8)) as capital_charge_rate,
    cast(rule.is_published as boolean) as is_published,
    cast(month.month_date as date) as month_date
from {{ ref('profit_rule_set') }} as rule
inner join {{ month_list() }} as month on {{ as_at('rule', 'month.month_date') }}
inner join rebuilt on month.month_date >= rebuilt.first_month_date
