-- One row per unit, cause and month: interest and fees that the unit's books hold less those counted at
-- its accounts. Over the bank it nets to nothing, but where an account has no price.
with rebuilt as (
    select min(month_date) as first_month_date from {{ ref('int_account__divide_month') }}
),

account_month as (
    select
        account_month.account_key,
        organisation.organisation_id,
        account_month.missing_rate_code,
        account_month.interest_source_code,
        account_month.interest_income_amount,
        account_month.interest_expense_amount,
        account_month.fee_amount,
        account_month.month_date
    from {{ ref('fct_account_month') }} as account_month
    inner join rebuilt on account_month.month_date >= rebuilt.first_month_date
    inner join {{ ref('dim_organisation') }} as organisation
        on account_month.organisation_fk = organisation.organisation_pk
),

-- Booked by a unit less counted at an account of a unit: where a price is missing, all of its interest.
posting as (
    select
        booked.organisation_id,
        coalesce(account_month.missing_rate_code, 'booked_elsewhere') as cause_code,
        booked.interest_income_amount,
        booked.interest_expense_amount,
        0 as fee_amount,
        booked.month_date
    from {{ ref('int_account__book_interest') }} as booked
    inner join account_month
        on booked.account_key = account_month.account_key
        and booked.month_date = account_month.month_date
    union all
    select
        organisation_id,
        coalesce(missing_rate_code, 'booked_elsewhere') as cause_code,
        -interest_income_amount as interest_income_amount,
        -interest_expense_amount as interest_expense_amount,
        0 as fee_amount,
        month_date
    from account_month
    where interest_source_code = 'ledger'
    union all
    select
        organisation.organisation_id,
        'booked_elsewhere' as cause_code,
        0 as interest_income_amount,
        0 as interest_expense_amount,
        activity.fee_amount,
        activity.month_date
    from {{ ref('int_account__sum_activity') }} as activity
    inner join {{ ref('dim_organisation') }} as organisation
        on activity.organisation_fk = organisation.organisation_pk
    where activity.fee_amount <> 0
    union all
    select
        organisation_id,
        'booked_elsewhere' as cause_code,
        0 as interest_income_amount,
        0 as interest_expense_amount,
        -fee_amount as fee_amount,
        month_date
    from account_month
    where fee_amount <> 0
)

select
    cast(posting.organisation_id as {{ t_string() }}) as organisation_id,
    cast(posting.cause_code as {{ t_string() }}) as cause_code,
    cast({{ total_of('posting.interest_income_amount') }} as decimal(18, 2)) as interest_income_amount,
    cast({{ total_of('posting.interest_expense_amount') }} as decimal(18, 2)) as interest_expense_amount,
    cast({{ total_of('posting.fee_amount') }} as decimal(18, 2)) as fee_amount,
    cast(posting.month_date as date) as month_date
from posting
inner join rebuilt on posting.month_date >= rebuilt.first_month_date
group by posting.organisation_id, posting.cause_code, posting.month_date
