-- One row per order with its score.
{{ config(tags=['after_scores']) }}
select fct.order_id, score.score, {{ graph.nodes | length if execute else 0 }} as nodes
from {{ ref('fct_order') }} as fct
left join {{ ref('stg_ml__customer_score') }} as score on fct.order_id = score.order_id
