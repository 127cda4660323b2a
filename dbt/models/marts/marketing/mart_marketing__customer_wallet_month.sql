-- One row per customer and month of an estimate: what he holds with us and with other banks, and our share of it.
{{ config(tags=['after_scores']) }}
{%- set ends = {
    'wallet_share_rate': 'external_deposit_amount', 'wallet_share_low_rate': 'external_high_amount',
    'wallet_share_high_rate': 'external_low_amount',
} %}
-- His own word is told instead of the estimate for as long as it is fresh.
with fresh as (
    select distinct
        wallet.customer_key,
        wallet.month_date
    from {{ ref('fct_customer_wallet_month') }} as wallet
    inner join {{ ref('dim_customer') }} as customer on wallet.customer_fk = customer.customer_pk
    inner join {{ ref('file_field') }} as rule
        on rule.field_code = 'external_deposit'
        and (rule.party_type_code = '*' or customer.party_type_code = rule.party_type_code)
        and {{ as_at('rule', 'wallet.observation_date') }}
    where
        rule.fresh_days is null
        or {{ days_between('wallet.said_date', 'wallet.observation_date') }} <= rule.fresh_days
),

told as (
    select
        wallet.*,
        greatest(coalesce(own.deposit_average_amount, 0), 0) as own_deposit_amount,
        case
            when wallet.said_amount is not null and fresh.customer_key is not null then 'said'
            when wallet.estimate_amount is not null then 'estimated'
            else 'unknown'
        end as source_code
    from {{ ref('fct_customer_wallet_month') }} as wallet
    left join fresh on wallet.customer_key = fresh.customer_key and wallet.month_date = fresh.month_date
    left join {{ ref('fct_customer_month') }} as own
        on wallet.customer_key = own.customer_key and wallet.month_date = own.month_date
),

wallet as (
    select
        told.*,
        case when source_code = 'said' then said_amount else estimate_amount end as external_deposit_amount,
        case when source_code = 'estimated' then estimate_low_amount end as external_low_amount,
        case when source_code = 'estimated' then estimate_high_amount end as external_high_amount
    from told
)

select
    cast(wallet.customer_key as bigint) as customer_key,
    cast(wallet.customer_fk as bigint) as customer_fk,
    cast(coalesce(customer.manager_fk, {{ var('unassigned_pk') }}) as bigint) as manager_fk,
    cast(coalesce(customer.organisation_fk, {{ var('unassigned_pk') }}) as bigint) as organisation_fk,
    cast(coalesce(customer.district_fk, {{ var('unassigned_pk') }}) as bigint) as district_fk,
    cast(wallet.month_date as date) as month_date,
    cast(wallet.observation_date as date) as observation_date,
    cast(wallet.size_class_code as {{ t_string() }}) as size_class_code,
    cast(wallet.own_deposit_amount as decimal(18, 2)) as own_deposit_amount,
    cast(wallet.source_code as {{ t_string() }}) as source_code,
    cast(wallet.external_deposit_amount as decimal(18, 2)) as external_deposit_amount,
    cast(wallet.external_low_amount as decimal(18, 2)) as external_low_amount,
    cast(wallet.external_high_amount as decimal(18, 2)) as external_high_amount,
    {%- for name, elsewhere in ends.items() %}
    cast(
        case
            when wallet.own_deposit_amount + wallet.{{ elsewhere }} > 0
                then {{ from_units(div_units_wide(
                    cents('wallet.own_deposit_amount'), cents('wallet.own_deposit_amount + wallet.' ~ elsewhere), 8
                ), 8) }}
        end as decimal(18, 8)
    ) as {{ name }},
    {%- endfor %}
    cast(wallet.said_amount as decimal(18, 2)) as said_amount,
    cast(wallet.said_date as date) as said_date,
    cast(wallet.estimate_amount as decimal(18, 2)) as estimate_amount,
    cast(wallet.method_code as {{ t_string() }}) as method_code,
    cast(fit.note_zh as {{ t_string() }}) as method_note_zh,
    cast(fit.note_en as {{ t_string() }}) as method_note_en
from wallet
left join {{ ref('dim_customer') }} as customer on wallet.customer_fk = customer.customer_pk
left join {{ ref('fct_wallet_fit_month') }} as fit
    on wallet.month_date = fit.month_date
    and wallet.observation_date = fit.observation_date
    and wallet.method_code = fit.method_code
    and fit.size_class_code = 'all'
