-- One row per person whose deposits on the business date, under all his numbers, are above a threshold: who
-- serves him, what he is entitled to, his tier, and what his file lacks.
with last_month as (
    select max(month_date) as month_date from {{ ref('fct_customer_month') }}
),

held as (
    select
        month.customer_fk,
        month.customer_key,
        month.month_date,
        month.observation_date,
        month.deposit_closing_amount,
        month.deposit_average_amount,
        coalesce(bridge.party_key, month.customer_key) as party_key
    from {{ ref('fct_customer_month') }} as month
    inner join last_month on month.month_date = last_month.month_date
    inner join {{ ref('dim_customer') }} as customer on month.customer_fk = customer.customer_pk
    left join {{ ref('bridge_party') }} as bridge on month.customer_key = bridge.customer_key and bridge.is_current
    where customer.party_type_code = 'person'
),

-- He is served, and his file is kept, under the number that holds most.
numbered as (
    select
        held.*,
        row_number() over (
            partition by party_key order by deposit_closing_amount desc, customer_key
        ) as number_rank
    from held
),

person as (
    select
        party_key,
        count(*) as customer_count,
        {{ total_of('deposit_closing_amount') }} as deposit_amount,
        {{ total_of('deposit_average_amount') }} as deposit_average_amount
    from held
    group by party_key
)

select
    cast(month.customer_fk as bigint) as customer_fk,
    cast(month.customer_key as bigint) as customer_key,
    cast(customer.organisation_fk as bigint) as organisation_fk,
    cast(customer.manager_fk as bigint) as manager_fk,
    cast(customer.district_fk as bigint) as district_fk,
    cast(rule.threshold_code as {{ t_string() }}) as threshold_code,
    cast(rule.threshold_name_zh as {{ t_string() }}) as threshold_name_zh,
    cast(rule.threshold_name_en as {{ t_string() }}) as threshold_name_en,
    cast(person.customer_count as bigint) as customer_count,
    cast(person.deposit_amount as decimal(18, 2)) as deposit_amount,
    cast(person.deposit_average_amount as decimal(18, 2)) as deposit_average_amount,
    cast(customer.level_code as {{ t_string() }}) as level_code,
    cast(tier.tier_code as {{ t_string() }}) as tier_code,
    cast(coalesce(tier.is_watched, false) as boolean) as is_watched,
    cast(rule.window_name_zh as {{ t_string() }}) as window_name_zh,
    cast(rule.window_name_en as {{ t_string() }}) as window_name_en,
    cast(rule.treatment_text_zh as {{ t_string() }}) as treatment_text_zh,
    cast(rule.treatment_text_en as {{ t_string() }}) as treatment_text_en,
    cast(completeness.completeness_rate as decimal(18, 8)) as completeness_rate,
    cast(completeness.missing_field_codes as {{ t_string() }}) as missing_field_codes,
    cast(coalesce(completeness.is_complete, false) as boolean) as is_file_complete,
    cast(month.observation_date as date) as observation_date
from numbered as month
inner join person on month.party_key = person.party_key
inner join {{ ref('dim_customer') }} as customer on month.customer_fk = customer.customer_pk
inner join {{ ref('large_deposit_rule') }} as rule
    on person.deposit_amount > rule.minimum_amount
    and person.deposit_amount <= rule.maximum_amount
    and {{ as_at('rule', 'month.observation_date') }}
left join {{ ref('fct_customer_tier_month') }} as tier
    on month.customer_key = tier.customer_key
    and month.month_date = tier.month_date
    and tier.tier_rule_set_code = '{{ var("base_tier_rule_set") }}'
left join {{ ref('fct_file_completeness_month') }} as completeness
    on month.customer_key = completeness.customer_key and month.month_date = completeness.month_date
where month.number_rank = 1
