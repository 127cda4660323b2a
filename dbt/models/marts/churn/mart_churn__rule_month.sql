-- One row per month, population and rule of who leaves, with what leaves of the whole population beside it.
{{ config(tags=['after_scores']) }}
select
    cast(told.month_date as date) as month_date,
    cast(told.observation_date as date) as observation_date,
    cast(told.labelled_date as date) as labelled_date,
    cast(told.population_code as {{ t_string() }}) as population_code,
    cast(
        case told.population_code
            when 'all' then '全行'
            else coalesce(code.name_zh, told.population_code)
        end as {{ t_string() }}
    ) as population_name_zh,
    cast(told.rule_number as int) as rule_number,
    cast(told.rule_zh as {{ t_string() }}) as rule_zh,
    cast(told.rule_en as {{ t_string() }}) as rule_en,
    cast(told.customer_count as bigint) as customer_count,
    cast(told.customer_share as double) as customer_share,
    cast(told.held_out_count as bigint) as held_out_count,
    cast(told.held_out_churned_count as bigint) as held_out_churned_count,
    cast(told.churn_rate as double) as churn_rate,
    cast(told.churn_rate_low as double) as churn_rate_low,
    cast(told.churn_rate_high as double) as churn_rate_high,
    cast(everybody.churn_rate as double) as population_churn_rate,
    cast(told.lift as double) as lift,
    cast(
        coalesce(
            everybody.churn_rate < told.churn_rate_low or everybody.churn_rate > told.churn_rate_high, false
        ) as boolean
    ) as is_beyond_luck,
    cast(told.current_count as bigint) as current_count,
    cast(told.note_zh as {{ t_string() }}) as note_zh,
    cast(told.note_en as {{ t_string() }}) as note_en
from {{ ref('fct_churn_rule_month') }} as told
inner join {{ ref('fct_churn_rule_month') }} as everybody
    on told.month_date = everybody.month_date
    and told.population_code = everybody.population_code
    and everybody.rule_number = 0
left join {{ ref('dim_code') }} as code
    on code.entity_name = 'customer'
    and code.column_name = 'population_type_code'
    and told.population_code = code.code
