-- One row per fit and cluster of customers, as the newest month of the fit has it.
{{ config(tags=['after_scores']) }}
with newest as (
    select
        fitted_date,
        max(month_date) as month_date
    from {{ ref('fct_rfmb_fit_month') }}
    group by fitted_date
)

select
    cast(cluster.fitted_date as date) as fitted_date,
    cast(cluster.cluster_number as int) as cluster_number,
    cast(cluster.customer_count as bigint) as customer_count,
    cast(cluster.customer_share as double) as customer_share,
    cast(cluster.jaccard as double) as jaccard,
    cast(cluster.name_zh as {{ t_string() }}) as name_zh,
    cast(cluster.name_en as {{ t_string() }}) as name_en,
    cast(cluster.rule_zh as {{ t_string() }}) as rule_zh,
    cast(cluster.rule_en as {{ t_string() }}) as rule_en,
    cast(cluster.coverage as double) as coverage,
    cast(cluster.purity as double) as purity,
    cast(fit.cluster_count as int) as cluster_count,
    cast(fit.silhouette as double) as silhouette,
    cast(fit.rule_stability as double) as rule_stability,
    cast(cluster.month_date as date) as month_date
from {{ ref('fct_cluster_month') }} as cluster
inner join newest
    on cluster.fitted_date = newest.fitted_date and cluster.month_date = newest.month_date
inner join {{ ref('fct_rfmb_fit_month') }} as fit
    on cluster.month_date = fit.month_date and cluster.observation_date = fit.observation_date
