-- One row per customer and product group of the newest month with propensities: rank of the offer, or why not.
{{ config(tags=['after_scores']) }}
with newest as (
    select max(month_date) as month_date
    from {{ ref('fct_customer_score') }}
    where {{ propensity_group('model_name') }} is not null
),

-- Everybody with a score of any model: whom no propensity was asked of is told so.
customer as (
    select
        score.customer_key,
        score.month_date,
        max(score.customer_fk) as customer_fk,
        max(score.observation_date) as observation_date
    from {{ ref('fct_customer_score') }} as score
    inner join newest on score.month_date = newest.month_date
    group by score.customer_key, score.month_date
),

scored as (
    select
        score.customer_key,
        {{ propensity_group('score.model_name') }} as product_group_code,
        score.score
    from {{ ref('fct_customer_score') }} as score
    inner join newest on score.month_date = newest.month_date
),

-- What was said last up to the day; who has said nothing has not agreed.
consent as (
    select
        word.customer_key,
        word.is_given,
        row_number() over (partition by word.customer_key order by word.changed_date desc) as newest_rank
    from {{ ref('fct_marketing_consent') }} as word
    inner join customer
        on word.customer_key = customer.customer_key and word.changed_date <= customer.observation_date
),

contact as (
    select
        member.customer_key,
        max(member.contacted_date) as contacted_date
    from {{ ref('fct_campaign_member') }} as member
    inner join customer
        on member.customer_key = customer.customer_key
        and member.contacted_date <= customer.observation_date
    group by member.customer_key
),

complaint as (
    select distinct complaint.customer_key
    from {{ ref('fct_complaint') }} as complaint
    inner join customer
        on complaint.customer_key = customer.customer_key
        and complaint.received_date <= customer.observation_date
        and coalesce(complaint.closed_date, {{ open_valid_date() }}) > customer.observation_date
),

holder as (
    select distinct
        account.customer_key,
        placed.product_group_code
    from {{ ref('fct_account_month') }} as account
    inner join newest on account.month_date = newest.month_date
    inner join {{ ref('bridge_product_group') }} as placed
        on account.product_fk = placed.product_fk
        and {{ as_at('placed', 'account.month_date') }}
    where account.is_open
),

weighed as (
    select
        customer.customer_key,
        customer.customer_fk,
        customer.month_date,
        customer.observation_date,
        known.manager_fk,
        rule.product_group_code,
        value.product_group_name_zh,
        value.product_group_name_en,
        rule.lever_rate,
        scored.score as propensity,
        value.year_value_amount,
        scored.score * cast(value.year_value_amount as double) * cast(rule.lever_rate as double) as priority,
        case
            when holder.customer_key is not null then 'held'
            when
                coalesce(known.party_type_code, '') <> coalesce(rule.party_type_code, known.party_type_code, '')
                or (year(customer.observation_date) - known.birth_year) < rule.minimum_age
                or (year(customer.observation_date) - known.birth_year) > rule.maximum_age
                then 'not_eligible'
            when not coalesce(consent.is_given, false) then 'no_consent'
            when rule.is_suitability_needed then 'not_suitable'
            when contact.contacted_date > {{ add_days('customer.observation_date', '-rule.cool_off_days') }}
                then 'contact_policy'
            when complaint.customer_key is not null then 'open_complaint'
            when scored.score is null then 'no_score'
            when not coalesce(scored.score * value.year_value_amount > 0, false) then 'no_gain'
        end as reason_code
    from customer
    inner join {{ ref('offer_rule') }} as rule on {{ as_at('rule', 'customer.observation_date') }}
    inner join {{ ref('dim_customer') }} as known on customer.customer_fk = known.customer_pk
    left join scored
        on customer.customer_key = scored.customer_key and rule.product_group_code = scored.product_group_code
    inner join {{ ref('fct_product_group_value') }} as value
        on rule.product_group_code = value.product_group_code
    left join holder
        on customer.customer_key = holder.customer_key and rule.product_group_code = holder.product_group_code
    left join consent on customer.customer_key = consent.customer_key and consent.newest_rank = 1
    left join contact on customer.customer_key = contact.customer_key
    left join complaint on customer.customer_key = complaint.customer_key
)

select
    cast(weighed.customer_key as bigint) as customer_key,
    cast(weighed.customer_fk as bigint) as customer_fk,
    cast(weighed.manager_fk as bigint) as manager_fk,
    cast(weighed.month_date as date) as month_date,
    cast(weighed.observation_date as date) as observation_date,
    cast(weighed.product_group_code as {{ t_string() }}) as product_group_code,
    cast(weighed.product_group_name_zh as {{ t_string() }}) as product_group_name_zh,
    cast(weighed.product_group_name_en as {{ t_string() }}) as product_group_name_en,
    cast(weighed.propensity as double) as propensity,
    cast(weighed.year_value_amount as decimal(18, 2)) as value_amount,
    cast(weighed.lever_rate as decimal(18, 8)) as lever_rate,
    cast(weighed.priority as decimal(18, 2)) as priority_amount,
    cast(
        case
            when weighed.reason_code is null
                then row_number() over (
                        partition by weighed.customer_key, weighed.reason_code is null
                        order by weighed.priority desc, weighed.product_group_code
                    )
        end as int
    ) as offer_rank,
    cast(weighed.reason_code as {{ t_string() }}) as reason_code,
    cast(reason.reason_name_zh as {{ t_string() }}) as reason_name_zh,
    cast(reason.reason_name_en as {{ t_string() }}) as reason_name_en
from weighed
left join {{ ref('offer_reason') }} as reason
    on weighed.reason_code = reason.reason_code and {{ as_at('reason', 'weighed.observation_date') }}
