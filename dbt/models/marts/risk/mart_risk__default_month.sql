-- One row per borrower and month of a scoring: the probability of the model beside that of the provision,
-- and whether leaving the loans be costs more than they earn.
{{ config(tags=['after_scores']) }}
{%- set weighted = "case when lgd_rate is not null and pd_rate is not null then ead_amount end" %}
with {{ told_reasons("told.model_name = 'default'") }},

scored as (
    select
        score.*,
        rule.horizon_months,
        1 - power(1 - score.score, 12 / cast(rule.horizon_months as double)) as annual_score
    from {{ ref('fct_customer_score') }} as score
    inner join {{ ref('question_rule') }} as rule
        on rule.label_code = 'defaulted' and {{ as_at('rule', 'score.observation_date') }}
    where score.model_name = 'default'
),

-- Weighted by exposure: what is lost of a borrower is lost of his loans. Of a loan without both rates no loss is known.
lent as (
    select
        customer_key,
        month_date,
        max(organisation_fk) as organisation_fk,
        sum(ead_amount) as exposure_amount,
        sum(provision_amount) as provision_amount,
        sum(cast(pd_rate as double) * {{ weighted }}) / nullif(sum({{ weighted }}), 0) as pd_rate,
        sum(cast(lgd_rate as double) * {{ weighted }}) / nullif(sum({{ weighted }}), 0) as lgd_rate,
        sum(cast(pd_rate as double) * cast(lgd_rate as double) * {{ weighted }}) as provision_loss_amount,
        sum(cast(lgd_rate as double) * {{ weighted }}) as loss_amount
    from {{ ref('fct_exposure_month') }}
    where ead_amount > 0
    group by customer_key, month_date
),

-- The margin of a day of the month.
earned as (
    select
        account.customer_key,
        account.month_date,
        sum(cast(account.margin_amount as double) / account.days_count) as day_amount
    from {{ ref('fct_account_month') }} as account
    inner join {{ ref('dim_product') }} as product on account.product_fk = product.product_pk
    where product.pillar_code = 'asset'
    group by account.customer_key, account.month_date
),

reason as (
    {{ raising_reasons() }}
),

weighed as (
    select
        scored.*,
        lent.organisation_fk,
        lent.exposure_amount,
        lent.provision_amount,
        lent.pd_rate,
        lent.lgd_rate,
        lent.provision_loss_amount,
        lent.loss_amount,
        greatest(coalesce(earned.day_amount, 0), 0)
        * day({{ month_last('scored.month_date') }})
        * scored.horizon_months as earning_amount
    from scored
    inner join lent on scored.customer_key = lent.customer_key and scored.month_date = lent.month_date
    left join earned on scored.customer_key = earned.customer_key and scored.month_date = earned.month_date
)

select
    cast(weighed.month_date as date) as month_date,
    cast(weighed.customer_key as bigint) as customer_key,
    cast(weighed.customer_fk as bigint) as customer_fk,
    cast(weighed.organisation_fk as bigint) as organisation_fk,
    cast(weighed.observation_date as date) as observation_date,
    cast(weighed.horizon_months as int) as horizon_months,
    cast(weighed.score as double) as default_score,
    cast(weighed.score_low as double) as default_score_low,
    cast(weighed.score_high as double) as default_score_high,
    cast(weighed.scored_decile as int) as default_decile,
    cast(round(weighed.annual_score, 9) as double) as annual_default_rate,
    cast(round(weighed.pd_rate, 9) as double) as provision_pd_rate,
    cast(round(weighed.lgd_rate, 9) as double) as lgd_rate,
    cast(weighed.exposure_amount as decimal(18, 2)) as exposure_amount,
    cast(weighed.annual_score * weighed.loss_amount as decimal(18, 2)) as expected_loss_amount,
    cast(weighed.provision_loss_amount as decimal(18, 2)) as provision_loss_amount,
    cast(weighed.provision_amount as decimal(18, 2)) as provision_amount,
    cast(weighed.earning_amount as decimal(18, 2)) as earning_amount,
    cast(round(weighed.earning_amount / nullif(weighed.earning_amount + weighed.loss_amount, 0), 9) as double)
        as threshold_rate,
    cast((1 - weighed.score) * weighed.earning_amount - weighed.score * weighed.loss_amount as decimal(18, 2))
        as expected_gain_amount,
    cast(
        weighed.score >= weighed.earning_amount / nullif(weighed.earning_amount + weighed.loss_amount, 0) as boolean
    ) as is_flagged,
    cast(reason.reason_1_zh as {{ t_string() }}) as reason_1_zh,
    cast(reason.reason_1_en as {{ t_string() }}) as reason_1_en,
    cast(reason.reason_2_zh as {{ t_string() }}) as reason_2_zh,
    cast(reason.reason_2_en as {{ t_string() }}) as reason_2_en,
    cast(reason.reason_3_zh as {{ t_string() }}) as reason_3_zh,
    cast(reason.reason_3_en as {{ t_string() }}) as reason_3_en,
    cast(weighed.model_version as {{ t_string() }}) as model_version
from weighed
left join reason on weighed.customer_key = reason.customer_key and weighed.month_date = reason.month_date
