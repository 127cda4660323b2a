-- One row per account version of a deposit or loan: what its record says of its terms.
with loan as (
    {{ pick_latest_small(
        ref('stg_corebank__loan'),
        key=['loan_id'],
        columns=['loan_id', 'account_id', 'repayment_method_code'],
    ) }}
),

-- Of several loans on one account one that is repaid in instalments tells.
amortising as (
    select
        assigned.account_key,
        max(loan.repayment_method_code) as repayment_method_code
    from loan
    inner join {{ ref('int_account__assign_key') }} as assigned
        on loan.account_id = assigned.account_id
    where loan.repayment_method_code in ('equal_instalment', 'equal_principal')
    group by assigned.account_key
),

version as (
    select
        account.account_pk,
        account.account_key,
        account.currency_code,
        account.interest_rate,
        account.rate_type_code,
        account.reprice_date,
        account.opened_date,
        amortising.repayment_method_code,
        product.product_id,
        product.pillar_code,
        product.day_basis,
        -- A term and an end say each other.
        coalesce(
            account.maturity_date,
            {{ add_months_to('account.opened_date', 'nullif(account.term_months, 0)') }}
        ) as maturity_date,
        coalesce(
            nullif(account.term_months, 0),
            nullif({{ months_apart('account.opened_date', 'account.maturity_date') }}, 0)
        ) as term_months
    from {{ ref('dim_account') }} as account
    inner join {{ ref('dim_product') }} as product on account.product_fk = product.product_pk
    left join amortising on account.account_key = amortising.account_key
    where product.pillar_code in ('liability', 'asset')
)

select
    cast(account_pk as bigint) as account_fk,
    cast(account_key as bigint) as account_key,
    cast(currency_code as {{ t_string() }}) as currency_code,
    cast(product_id as {{ t_string() }}) as product_id,
    cast(pillar_code as {{ t_string() }}) as pillar_code,
    cast(
        case
            when pillar_code = 'asset' and rate_type_code = 'floating' and reprice_date is not null
                then 'floating'
            when maturity_date is null then 'non_maturity'
            when pillar_code = 'liability' then 'term'
            when repayment_method_code is not null then 'amortising'
            else 'bullet'
        end as {{ t_string() }}
    ) as pricing_kind_code,
    cast(interest_rate as decimal(12, 8)) as interest_rate,
    cast(day_basis as int) as day_basis,
    cast(opened_date as date) as opened_date,
    cast(maturity_date as date) as maturity_date,
    cast(reprice_date as date) as reprice_date,
    cast(term_months as int) as term_months,
    -- How long its money is bound on average, in days of months of 30; null where it has no end.
    cast(
        case
            when maturity_date is null then null
            when pillar_code = 'asset' and repayment_method_code is not null
                then {{ average_life_days('term_months', 'interest_rate', 'repayment_method_code') }}
            -- A term of days has no months.
            else coalesce(term_months * 30, {{ days_between('opened_date', 'maturity_date') }})
        end as bigint
    ) as bound_days
from version
