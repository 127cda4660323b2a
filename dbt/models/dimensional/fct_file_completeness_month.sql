-- One row per customer and month: how much of what his file should hold is filled in, and fresh.
{{ partitioned_from_month('month_date') }}
{%- set fields = {
    'mobile': 'case when customer.has_mobile then file.observation_date end',
    'address': 'case when customer.has_address then file.observation_date end',
    'district': 'case when customer.district_fk <> ' ~ var('unassigned_pk') ~ ' then file.observation_date end',
    'birth_year': 'case when customer.birth_year is not null then file.observation_date end',
    'industry': 'case when customer.industry_code is not null then file.observation_date end',
    'level': 'case when customer.level_code is not null then file.observation_date end',
    'income': 'case when file.income_band_code is not null then file.observation_date end',
    'asset': 'file.asset_band_date',
    'external_deposit': 'file.external_deposit_date',
    'need': 'file.need_date',
    'contact': 'file.contacted_date',
    'relation': 'case when file.resource_count > 0 then file.observation_date end',
} %}
{%- set missing = [] %}
{%- for code in fields %}
{%- do missing.append('summed.missing_' ~ code) %}
{%- endfor %}
with file as (
    select * from {{ ref('int_file__gather_evidence') }}
),

-- A field counts where the rule asks for it of such a customer, with the day its value is of.
asked as (
    select
        file.customer_key,
        file.month_date,
        file.observation_date,
        rule.field_code,
        rule.weight_value,
        rule.fresh_days,
        case rule.field_code
            {%- for code, filled_date in fields.items() %}
            when '{{ code }}' then {{ filled_date }}
            {%- endfor %}
        end as filled_date
    from file
    inner join {{ ref('dim_customer') }} as customer on file.customer_fk = customer.customer_pk
    inner join {{ ref('file_field') }} as rule
        on {{ as_at('rule', 'file.observation_date') }}
        and (rule.party_type_code = '*' or customer.party_type_code = rule.party_type_code)
),

judged as (
    select
        asked.*,
        coalesce(
            fresh_days is null or {{ days_between('filled_date', 'observation_date') }} <= fresh_days, false
        ) and filled_date is not null as is_fresh
    from asked
),

summed as (
    select
        customer_key,
        month_date,
        sum(weight_value) as asked_weight,
        sum(case when filled_date is not null then weight_value else 0 end) as filled_weight,
        sum(case when is_fresh then weight_value else 0 end) as fresh_weight,
        {%- for code in fields %}
        max(case when field_code = '{{ code }}' and not is_fresh then '{{ code }}' end) as missing_{{ code }},
        {%- endfor %}
        sum(case when is_fresh then 0 else 1 end) as missing_count
    from judged
    group by customer_key, month_date
)

select
    cast(file.customer_fk as bigint) as customer_fk,
    cast(summed.customer_key as bigint) as customer_key,
    cast(file.days_count as int) as days_count,
    cast(summed.asked_weight as int) as asked_weight,
    cast(summed.filled_weight as int) as filled_weight,
    cast(summed.fresh_weight as int) as fresh_weight,
    -- Null where the rule asks for nothing.
    cast(
        case
            when summed.asked_weight > 0
                then {{ from_units(div_units('summed.fresh_weight', 'summed.asked_weight', 8), 8) }}
        end as decimal(18, 8)
    ) as completeness_rate,
    cast(summed.missing_count as int) as missing_count,
    cast(nullif(concat_ws(',', {{ missing | join(', ') }}), '') as {{ t_string() }}) as missing_field_codes,
    cast(summed.missing_count = 0 as boolean) as is_complete,
    cast(summed.month_date as date) as month_date
from summed
inner join file on summed.customer_key = file.customer_key and summed.month_date = file.month_date
