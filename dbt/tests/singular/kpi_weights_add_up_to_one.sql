{{ config(meta={
    'owner': 'human resources',
    'message': 'The weights of the indicators do not add up to 1. 考核指标权重之和不等于1。',
}) }}
-- One row per day on which a version of an indicator begins and the weights that hold then are not 1.
with begun as (
    select distinct valid_from_date from {{ ref('kpi_rule') }}
)

select
    begun.valid_from_date,
    sum(rule.weight_rate) as weight_rate
from begun
inner join {{ ref('kpi_rule') }} as rule on {{ as_at('rule', 'begun.valid_from_date') }}
group by begun.valid_from_date
having sum(rule.weight_rate) <> 1
