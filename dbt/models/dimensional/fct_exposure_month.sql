-- One row per account that lends or holds a provision, and month: exposure at default, what is
-- expected to be lost of it, and the provision that stands for it.
{{ partitioned_from_month('month_date') }}
with exposed as (
    select
        measure.*,
        account_month.account_fk,
        account_month.customer_fk,
        account_month.customer_key,
        account_month.product_fk,
        account_month.organisation_fk,
        account_month.days_count,
        product.product_id,
        -- An overdrawn deposit is lent, too.
        case
            when product.pillar_code = 'asset' then coalesce(account_month.original_closing_balance_amount, 0)
            else greatest(-coalesce(account_month.original_closing_balance_amount, 0), 0)
        end as original_drawn_amount
    from {{ ref('int_loan__measure_month') }} as measure
    left join {{ ref('fct_account_month') }} as account_month
        on measure.account_key = account_month.account_key
        and measure.month_date = account_month.month_date
    left join {{ ref('dim_product') }} as product on account_month.product_fk = product.product_pk
),

-- The narrowest rule holds: of the product first, then of the rating, the class and the security.
kind as (
    select distinct
        product_id,
        rating_code,
        five_class_code,
        collateral_code,
        month_date
    from exposed
),

fitted as (
    select
        kind.*,
        rule.pd_rate as rule_pd_rate,
        rule.lgd_rate as rule_lgd_rate,
        rule.conversion_rate,
        rule.risk_weight_rate,
        rule.provision_rate,
        row_number() over (
            partition by
                kind.product_id, kind.rating_code, kind.five_class_code, kind.collateral_code,
                kind.month_date
            order by
                case when rule.product_id = '*' then 1 else 0 end,
                case when rule.rating_code = '*' then 1 else 0 end,
                case when rule.five_class_code = '*' then 1 else 0 end,
                case when rule.collateral_code = '*' then 1 else 0 end,
                rule.valid_from_date desc
        ) as fit_rank
    from kind
    inner join {{ ref('credit_risk_rule') }} as rule
        on rule.product_id in ('*', kind.product_id)
        and rule.rating_code in ('*', kind.rating_code)
        and rule.five_class_code in ('*', kind.five_class_code)
        and rule.collateral_code in ('*', kind.collateral_code)
        and {{ as_at('rule', 'kind.month_date') }}
),

-- Over the days of the whole month, so that a running one has borne its share and no more.
rated as (
    select
        exposed.*,
        coalesce(exposed.pd_rate, fitted.rule_pd_rate) as used_pd_rate,
        coalesce(exposed.lgd_rate, fitted.rule_lgd_rate) as used_lgd_rate,
        fitted.conversion_rate,
        fitted.risk_weight_rate,
        {{ average_over('exposed.balance_days_amount', 'day(' ~ month_last('exposed.month_date') ~ ')') }}
            as drawn_average_amount,
        coalesce(
            exposed.original_provision_amount,
            {{ share_of_amount('exposed.original_drawn_amount', 'coalesce(fitted.provision_rate, 0)') }}
        ) as held_provision_amount
    from exposed
    left join fitted
        on coalesce(exposed.product_id, '') = coalesce(fitted.product_id, '')
        and coalesce(exposed.rating_code, '') = coalesce(fitted.rating_code, '')
        and coalesce(exposed.five_class_code, '') = coalesce(fitted.five_class_code, '')
        and coalesce(exposed.collateral_code, '') = coalesce(fitted.collateral_code, '')
        and exposed.month_date = fitted.month_date
        and fitted.fit_rank = 1
),

defaulting as (
    select
        rated.*,
        drawn_average_amount
        + {{ share_of_amount('coalesce(undrawn_amount, 0)', 'coalesce(conversion_rate, 0)') }} as ead_amount,
        coalesce(cast(used_pd_rate * used_lgd_rate as decimal(12, 8)), 0) as expected_loss_rate
    from rated
)

select
    cast(coalesce(account_fk, {{ var('unassigned_pk') }}) as bigint) as account_fk,
    cast(account_key as bigint) as account_key,
    cast(coalesce(customer_fk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(coalesce(customer_key, {{ var('unassigned_pk') }}) as bigint) as customer_key,
    cast(coalesce(product_fk, {{ var('unassigned_pk') }}) as bigint) as product_fk,
    cast(coalesce(organisation_fk, {{ var('unassigned_pk') }}) as bigint) as organisation_fk,
    cast(coalesce(days_count, {{ month_days('month_date') }}) as int) as days_count,
    cast(rating_code as {{ t_string() }}) as rating_code,
    cast(five_class_code as {{ t_string() }}) as five_class_code,
    cast(told_five_class_code as {{ t_string() }}) as told_five_class_code,
    cast(told_overdue_days as int) as told_overdue_days,
    cast(collateral_code as {{ t_string() }}) as collateral_code,
    cast(case when pd_rate is null then 'rule' else 'risk_system' end as {{ t_string() }}) as pd_source_code,
    cast(used_pd_rate as decimal(12, 8)) as pd_rate,
    cast(used_lgd_rate as decimal(12, 8)) as lgd_rate,
    cast(expected_loss_rate as decimal(12, 8)) as expected_loss_rate,
    cast(risk_weight_rate as decimal(12, 8)) as risk_weight_rate,
    cast(drawn_average_amount as decimal(18, 2)) as drawn_average_amount,
    cast(ead_amount as decimal(18, 2)) as ead_amount,
    cast({{ share_of_amount('ead_amount', 'coalesce(risk_weight_rate, 0)') }} as decimal(18, 2))
        as risk_weighted_amount,
    cast(-{{ share_of_amount('ead_amount', 'expected_loss_rate', parts=12) }} as decimal(18, 2))
        as expected_loss_amount,
    cast(
        case
            when original_provision_amount is null then 'rule'
            when is_carried then 'carried'
            else 'risk_system'
        end as {{ t_string() }}
    ) as provision_source_code,
    cast(currency_code as {{ t_string() }}) as currency_code,
    cast(held_provision_amount as decimal(18, 2)) as original_provision_amount,
    cast({{ in_yuan('held_provision_amount', 'currency_code', 'exchange_price') }} as decimal(18, 2))
        as provision_amount,
    cast(original_used_provision_amount as decimal(18, 2)) as original_used_provision_amount,
    cast({{ in_yuan('original_used_provision_amount', 'currency_code', 'exchange_price') }} as decimal(18, 2))
        as used_provision_amount,
    cast(month_date as date) as month_date
from defaulting
