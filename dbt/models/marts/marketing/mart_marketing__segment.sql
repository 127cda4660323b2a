-- One row per segment and month: how many customers, what they hold, what they bring, and how many are
-- likely to leave.
with aum as (
    select
        customer_key,
        month_date,
        {{ total_of('closing_amount') }} as aum_amount
    from {{ ref('fct_aum_month') }}
    group by customer_key, month_date
),

score as (
    select
        customer_key,
        month_date,
        score
    from {{ ref('fct_customer_score') }}
    where model_name = 'churn'
),

summed as (
    select
        member.segment_code,
        member.segment_name_zh,
        member.segment_name_en,
        member.month_date,
        max(member.days_count) as days_count,
        sum(member.member_count) as customer_count,
        {%- for name in ['deposit_closing', 'loan_closing', 'contribution'] %}
        {{ total_of('month.' ~ name ~ '_amount') }} as {{ name }}_amount,
        {%- endfor %}
        {{ total_of('coalesce(aum.aum_amount, 0)') }} as aum_amount,
        sum(month.product_count) as product_count,
        sum(case when score.score is not null then 1 else 0 end) as scored_count,
        sum(coalesce(cast(score.score as decimal(18, 8)), 0)) as expected_leaver_count
    from {{ ref('fct_segment_member_month') }} as member
    inner join {{ ref('fct_customer_month') }} as month
        on member.customer_key = month.customer_key and member.month_date = month.month_date
    left join aum on member.customer_key = aum.customer_key and member.month_date = aum.month_date
    left join score on member.customer_key = score.customer_key and member.month_date = score.month_date
    group by member.segment_code, member.segment_name_zh, member.segment_name_en, member.month_date
)

select
    cast(summed.segment_code as {{ t_string() }}) as segment_code,
    cast(summed.segment_name_zh as {{ t_string() }}) as segment_name_zh,
    cast(summed.segment_name_en as {{ t_string() }}) as segment_name_en,
    cast(summed.days_count as int) as days_count,
    cast(summed.customer_count as bigint) as customer_count,
    cast(summed.deposit_closing_amount as decimal(18, 2)) as deposit_amount,
    cast(summed.loan_closing_amount as decimal(18, 2)) as loan_amount,
    cast(summed.aum_amount as decimal(18, 2)) as aum_amount,
    cast(summed.contribution_amount as decimal(18, 2)) as contribution_amount,
    cast({{ amount_each('summed.contribution_amount', 'summed.customer_count') }} as decimal(18, 2))
        as contribution_each_amount,
    cast({{ share_of('summed.product_count', 'summed.customer_count') }} as decimal(12, 8)) as products_each,
    cast(summed.scored_count as bigint) as scored_count,
    cast(
        case
            when summed.scored_count > 0
                then {{ from_units(div_units_wide(
                    wide_units('summed.expected_leaver_count', 8), 'summed.scored_count'
                ), 8) }}
        end as decimal(12, 8)
    ) as churn_rate,
    cast(summed.month_date as date) as month_date
from summed
