-- One row per customer of the newest scoring whom it pays to visit before he leaves, by manager, or by unit
-- where nobody looks after him.
{{ config(tags=['after_scores']) }}
with {{ told_reasons("told.model_name = 'churn' and told.reason_rank = 1 and told.contribution > 0") }},

-- Where the scores of one model are held, the list is that of the last month that has both.
scored_month as (
    select month_date
    from {{ ref('fct_customer_score') }}
    where model_name in ('churn', 'value')
    group by month_date
    having count(distinct model_name) = 2
),

newest as (
    select max(month_date) as month_date
    from scored_month
),

priced as (
    select
        churn.customer_key,
        churn.customer_fk,
        least(churn.observation_date, value.observation_date) as observation_date,
        churn.month_date,
        churn.score as churn_score,
        churn.score_low as churn_score_low,
        churn.score_high as churn_score_high,
        churn.model_version as churn_model_version,
        churn.scored_decile as churn_decile,
        cast(value.score as decimal(18, 2)) as value_amount,
        value.score_low as value_low,
        value.score_high as value_high,
        value.model_version as value_model_version,
        customer.manager_fk,
        customer.organisation_fk,
        customer.level_code,
        coalesce(effort.visit_minutes, rule.visit_minutes) as visit_minutes,
        cast(
            coalesce(effort.visit_minutes, rule.visit_minutes) * pool.standard_minute_amount as decimal(18, 2)
        ) as cost_amount,
        rule.incentive_amount,
        rule.acceptance_rate
    from {{ ref('fct_customer_score') }} as churn
    inner join newest on churn.month_date = newest.month_date
    inner join {{ ref('fct_customer_score') }} as value
        on churn.customer_key = value.customer_key
        and churn.month_date = value.month_date
        and value.model_name = 'value'
    inner join {{ ref('dim_customer') }} as customer on churn.customer_fk = customer.customer_pk
    inner join {{ ref('visit_offer_rule') }} as rule
        on rule.rule_code = 'retention' and {{ as_at('rule', 'churn.observation_date') }}
    inner join {{ ref('cost_pool_rule') }} as pool
        on rule.cost_pool_code = pool.cost_pool_code and {{ as_at('pool', 'churn.observation_date') }}
    left join {{ ref('visit_effort') }} as effort
        on customer.level_code = effort.level_code and {{ as_at('effort', 'churn.observation_date') }}
    where churn.model_name = 'churn'
),

-- Who would leave takes the offer and stays, or does neither; who would have stayed takes it too.
weighed as (
    select
        *,
        cast(
            churn_score * acceptance_rate * (value_amount - incentive_amount)
            - (1 - churn_score) * incentive_amount
            - cost_amount as decimal(18, 2)
        ) as expected_amount,
        (cost_amount + incentive_amount)
        / nullif(cast(acceptance_rate as double) * (value_amount - incentive_amount) + incentive_amount, 0)
            as threshold_rate
    from priced
)

select
    cast(weighed.customer_key as bigint) as customer_key,
    cast(weighed.customer_fk as bigint) as customer_fk,
    cast(weighed.manager_fk as bigint) as manager_fk,
    cast(manager.employee_id as {{ t_string() }}) as employee_id,
    cast(manager.employee_name as {{ t_string() }}) as employee_name,
    cast(unit.organisation_id as {{ t_string() }}) as organisation_id,
    cast(unit.organisation_name as {{ t_string() }}) as organisation_name,
    cast(
        row_number() over (
            partition by
                weighed.manager_fk,
                case when weighed.manager_fk = {{ var('unassigned_pk') }} then weighed.organisation_fk end
            order by weighed.expected_amount desc, weighed.customer_key
        ) as int
    ) as visit_rank,
    cast(weighed.level_code as {{ t_string() }}) as level_code,
    cast(weighed.churn_score as double) as churn_score,
    cast(weighed.churn_score_low as double) as churn_score_low,
    cast(weighed.churn_score_high as double) as churn_score_high,
    cast(weighed.churn_decile as int) as churn_decile,
    cast(weighed.churn_model_version as {{ t_string() }}) as churn_model_version,
    cast(weighed.value_amount as decimal(18, 2)) as value_amount,
    cast(weighed.value_low as decimal(18, 2)) as value_low_amount,
    cast(weighed.value_high as decimal(18, 2)) as value_high_amount,
    cast(weighed.value_model_version as {{ t_string() }}) as value_model_version,
    cast(weighed.visit_minutes as int) as visit_minutes,
    cast(weighed.cost_amount as decimal(18, 2)) as cost_amount,
    cast(weighed.threshold_rate as double) as threshold_rate,
    cast(weighed.expected_amount as decimal(18, 2)) as expected_amount,
    cast(reason.reason_zh as {{ t_string() }}) as reason_zh,
    cast(reason.reason_en as {{ t_string() }}) as reason_en,
    cast(reason.theme_name_zh as {{ t_string() }}) as theme_name_zh,
    cast(weighed.observation_date as date) as observation_date,
    cast(weighed.observation_date = {{ business_date() }} as boolean) as is_scored_now
from weighed
inner join {{ ref('dim_employee') }} as manager on weighed.manager_fk = manager.employee_pk
inner join {{ ref('dim_organisation') }} as unit on weighed.organisation_fk = unit.organisation_pk
left join told_reason as reason
    on weighed.customer_key = reason.customer_key and weighed.month_date = reason.month_date
where weighed.expected_amount > 0
