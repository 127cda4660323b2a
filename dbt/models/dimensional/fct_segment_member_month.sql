-- One row per segment, customer and month in which he meets the conditions of rule segment_rule.
{{ partitioned_from_month('month_date') }}
with customer as (
    select * from {{ ref('int_segment__gather_columns') }}
),

met as (
    select
        rule.segment_code,
        rule.segment_name_zh,
        rule.segment_name_en,
        customer.customer_key,
        customer.customer_fk,
        customer.days_count,
        customer.month_date,
        row_number() over (
            partition by rule.segment_code, customer.customer_key, customer.month_date
            order by rule.alternative_number
        ) as alternative_rank
    from customer
    inner join {{ ref('segment_rule') }} as rule
        on {{ as_at('rule', 'customer.observation_date') }}
        and customer.open_account_count > 0
        {%- for name in ['population_type', 'party_type', 'class', 'level', 'stage'] %}
        and (rule.{{ name }}_code is null or customer.{{ name }}_code = rule.{{ name }}_code)
        {%- endfor %}
        {%- for least, most, value in [
            ('minimum_deposit_amount', 'maximum_deposit_amount', 'deposit_amount'),
            ('minimum_loan_amount', 'maximum_loan_amount', 'loan_amount'),
            ('minimum_inflow_amount', none, 'inflow_amount'),
            ('minimum_age', 'maximum_age', 'age_years'),
            ('minimum_product_count', 'maximum_product_count', 'product_count'),
        ] %}
        and (rule.{{ least }} is null or customer.{{ value }} >= rule.{{ least }})
        {%- if most %}
        and (rule.{{ most }} is null or customer.{{ value }} <= rule.{{ most }})
        {%- endif %}
        {%- endfor %}
)

select
    cast(met.segment_code as {{ t_string() }}) as segment_code,
    cast(met.segment_name_zh as {{ t_string() }}) as segment_name_zh,
    cast(met.segment_name_en as {{ t_string() }}) as segment_name_en,
    cast(met.customer_fk as bigint) as customer_fk,
    cast(met.customer_key as bigint) as customer_key,
    cast(met.days_count as int) as days_count,
    cast(1 as int) as member_count,
    cast(met.month_date as date) as month_date
from met
where met.alternative_rank = 1
