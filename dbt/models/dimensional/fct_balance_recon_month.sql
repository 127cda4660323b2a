-- One row per unit, ledger account, currency and month of a month whose ledger was delivered: what it
-- closes at, and what its accounts hold; every ledger account that a deposit or loan product is kept in, or
-- that accounts have a balance in. In the currency itself: no rate of exchange stands between the two. Debits
-- are positive.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('fct_balance_recon_month', unfinished='1 = 0') %}
with delivered_month as (
    select distinct month_date
    from {{ ref('fct_ledger_balance_month') }}
    where {{ in_rebuilt('month_date', first_month) }}
),

account as (
    select
        organisation.organisation_id,
        product.gl_account_code,
        account_month.currency_code,
        account_month.month_date,
        -- What the bank owes stands in the ledger as a credit, what it is owed as a debit.
        sum(
            case
                when product.pillar_code = 'asset' then account_month.original_closing_balance_amount
                else -account_month.original_closing_balance_amount
            end
        ) as closing_amount
    from {{ ref('fct_account_month') }} as account_month
    inner join delivered_month on account_month.month_date = delivered_month.month_date
    inner join {{ ref('dim_product') }} as product on account_month.product_fk = product.product_pk
    inner join {{ ref('dim_organisation') }} as organisation
        on account_month.organisation_fk = organisation.organisation_pk
    where product.gl_account_code is not null
    group by
        organisation.organisation_id, product.gl_account_code, account_month.currency_code,
        account_month.month_date
),

kept_in as (
    select distinct gl_account_code
    from {{ ref('dim_product') }}
    where pillar_code in ('liability', 'asset') and gl_account_code is not null
    union
    select distinct gl_account_code
    from account
    where closing_amount <> 0
),

ledger as (
    select
        balance.organisation_id,
        balance.gl_account_code,
        balance.currency_code,
        balance.month_date,
        balance.closing_amount
    from {{ ref('fct_ledger_balance_month') }} as balance
    inner join delivered_month on balance.month_date = delivered_month.month_date
    inner join kept_in on balance.gl_account_code = kept_in.gl_account_code
)

select
    cast(coalesce(ledger.organisation_id, account.organisation_id) as {{ t_string() }}) as organisation_id,
    cast(coalesce(ledger.gl_account_code, account.gl_account_code) as {{ t_string() }}) as gl_account_code,
    cast(coalesce(ledger.currency_code, account.currency_code) as {{ t_string() }}) as currency_code,
    cast(coalesce(ledger.closing_amount, 0) as decimal(18, 2)) as ledger_amount,
    cast(coalesce(account.closing_amount, 0) as decimal(18, 2)) as account_amount,
    cast(coalesce(ledger.closing_amount, 0) - coalesce(account.closing_amount, 0) as decimal(18, 2))
        as difference_amount,
    cast(coalesce(ledger.month_date, account.month_date) as date) as month_date
from ledger
full outer join account
    on ledger.organisation_id = account.organisation_id
    and ledger.gl_account_code = account.gl_account_code
    and ledger.currency_code = account.currency_code
    and ledger.month_date = account.month_date
