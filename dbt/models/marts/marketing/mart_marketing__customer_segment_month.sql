-- One row per customer and month of a finding: quintiles, segment by rule and cluster, by name.
{{ config(tags=['after_scores']) }}
select
    cast(member.customer_key as bigint) as customer_key,
    cast(member.customer_fk as bigint) as customer_fk,
    cast(coalesce(customer.manager_fk, {{ var('unassigned_pk') }}) as bigint) as manager_fk,
    cast(coalesce(customer.organisation_fk, {{ var('unassigned_pk') }}) as bigint) as organisation_fk,
    cast(member.month_date as date) as month_date,
    cast(member.observation_date as date) as observation_date,
    cast(fit.fitted_date as date) as fitted_date,
    cast(member.recency_quintile as int) as recency_quintile,
    cast(member.frequency_quintile as int) as frequency_quintile,
    cast(member.amount_quintile as int) as amount_quintile,
    cast(member.balance_quintile as int) as balance_quintile,
    cast(member.segment_code as {{ t_string() }}) as segment_code,
    cast(rule.segment_name_zh as {{ t_string() }}) as segment_name_zh,
    cast(rule.segment_name_en as {{ t_string() }}) as segment_name_en,
    cast(member.cluster_number as int) as cluster_number,
    cast(cluster.name_zh as {{ t_string() }}) as cluster_name_zh,
    cast(cluster.name_en as {{ t_string() }}) as cluster_name_en,
    cast(fit.note_zh as {{ t_string() }}) as cluster_note_zh,
    cast(fit.note_en as {{ t_string() }}) as cluster_note_en
from {{ ref('fct_customer_rfmb_month') }} as member
left join {{ ref('dim_customer') }} as customer on member.customer_fk = customer.customer_pk
left join {{ ref('fct_rfmb_fit_month') }} as fit on member.month_date = fit.month_date
left join {{ ref('rfmb_rule') }} as rule
    on member.segment_code = rule.segment_code and {{ as_at('rule', 'member.observation_date') }}
left join {{ ref('fct_cluster_month') }} as cluster
    on member.month_date = cluster.month_date
    and member.observation_date = cluster.observation_date
    and member.cluster_number = cluster.cluster_number
