-- One row per customer, model and month: the champion's score of the last scoring of the month.
{{ partitioned_from_month('month_date') }}
{{ config(tags=['after_scores']) }}
{%- set first_month = rebuilt_from('fct_customer_score', unfinished='1 = 0') %}
-- A bank is scored every night, but a month keeps one score: a year of nights would be more rows than
-- all its postings.
with {{ findings_of_month(
    ref('stg_ml__customer_score'),
    key=['customer_key', 'observation_date', 'model_name'],
    figures=[
        'customer_key', 'observation_date', 'model_name', 'model_version', 'score', 'score_low', 'score_high',
        'scored_rank', 'expected_contribution', 'other_contribution',
    ],
    first_month=first_month,
    per=['model_name'],
    only="role = 'champion'",
) }},

customer as (
    {{ carried_versions(ref('dim_customer'), 'customer', 'customer_key') }}
)

select
    cast(coalesce(customer.customer_pk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(latest.customer_key as bigint) as customer_key,
    cast(latest.observation_date as date) as observation_date,
    cast(latest.model_name as {{ t_string() }}) as model_name,
    cast(latest.model_version as {{ t_string() }}) as model_version,
    cast(latest.score as double) as score,
    cast(latest.score_low as double) as score_low,
    cast(latest.score_high as double) as score_high,
    cast(latest.scored_rank as bigint) as scored_rank,
    cast(
        ntile(10) over (
            partition by latest.model_name, latest.observation_date
            order by latest.scored_rank, latest.customer_key
        ) as int
    ) as scored_decile,
    cast(latest.expected_contribution as double) as expected_contribution,
    cast(latest.other_contribution as double) as other_contribution,
    cast({{ month_first('latest.observation_date') }} as date) as month_date
from latest
left join customer
    on latest.customer_key = customer.customer_key
    and {{ as_at('customer', 'latest.observation_date') }}
