{{ config(severity='warn', meta={
    'owner': 'human resources',
    'message': 'Managers get more points from an indicator than its weight is for; its target is doubtful. 某考核指标平均得分远超其权重，目标值存疑。',
}) }}
-- One row per indicator and month whose mean points over all managers lie above the bound of the rule kpi_rule.
select
    kpi.kpi_code,
    kpi.month_date,
    avg(kpi.score) as mean_score,
    max(rule.weight_rate) * 100 as weight_points,
    max(rule.bound_rate) as bound_rate
from {{ ref('mart_performance__manager_kpi_month') }} as kpi
inner join {{ ref('kpi_rule') }} as rule
    on kpi.kpi_code = rule.kpi_code
    and {{ as_at('rule', month_reached('kpi.month_date')) }}
where {{ touched('kpi.month_date', 'month', always=True) }}
group by kpi.kpi_code, kpi.month_date
having avg(kpi.score) > max(rule.weight_rate) * 100 * max(rule.bound_rate)
