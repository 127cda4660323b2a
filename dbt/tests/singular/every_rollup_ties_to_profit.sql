{{ config(meta={
    'owner': 'finance',
    'message': 'A roll-up of the profit statement is not the whole of it; the row names it. 利润贡献的某种汇总与合计不一致。',
}) }}
-- One row per month, rule set and way to roll the profit statement up that misses or doubles something.
select
    rollup_code,
    rule_set_code,
    rollup_amount,
    statement_amount,
    difference_amount,
    month_date
from {{ ref('mart_profitability__rollup_proof_month') }}
where {{ touched('month_date', 'month', always=True) }} and difference_amount <> 0
