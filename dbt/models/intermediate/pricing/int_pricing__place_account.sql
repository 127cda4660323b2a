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
),

instalment as (
    select *
    from version
    where repayment_method_code = 'equal_instalment'
)

select
    cast(version.account_pk as bigint) as account_fk,
    cast(version.account_key as bigint) as account_key,
    cast(version.currency_code as {{ t_string() }}) as currency_code,
    cast(version.product_id as {{ t_string() }}) as product_id,
    cast(version.pillar_code as {{ t_string() }}) as pillar_code,
    cast(
        case
            when
                version.pillar_code = 'asset'
                and version.rate_type_code = 'floating'
                and version.reprice_date is not null then 'floating'
            when version.maturity_date is null then 'non_maturity'
            when version.pillar_code = 'liability' then 'term'
            when version.repayment_method_code is not null then 'amortising'
            else 'bullet'
        end as {{ t_string() }}
    ) as pricing_kind_code,
    cast(version.interest_rate as decimal(12, 8)) as interest_rate,
    cast(version.day_basis as int) as day_basis,
    cast(version.opened_date as date) as opened_date,
    cast(version.maturity_date as date) as maturity_date,
    cast(version.reprice_date as date) as reprice_date,
    cast(version.term_months as int) as term_months,
    -- How long its money is bound on average, in days of months of 30; null where it has no end.
    cast(
        case
            when version.maturity_date is null then null
            when version.pillar_code = 'asset' and version.repayment_method_code is not null
                -- Equal parts bind half the term and half a month, and so do instalments without interest.
                then coalesce(life.average_life_days, 15 * (version.term_months + 1))
            -- A term of days has no months.
            when version.term_months is null
                then {{ days_between('version.opened_date', 'version.maturity_date') }}
            else version.term_months * 30
        end as bigint
    ) as bound_days
from version
left join {{ average_lives('instalment') }} as life
    -- Within the key: as a condition of its own it makes DuckDB compare every row with every other.
    on case when version.repayment_method_code = 'equal_instalment' then version.term_months end = life.term_months
    and version.interest_rate = life.interest_rate
