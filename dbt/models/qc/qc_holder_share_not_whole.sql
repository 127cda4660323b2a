-- One row per account and month whose holders' shares do not sum to 1 on the last counted day.
with several as (
    select
        account_key,
        sum(share_rate) as share_rate,
        valid_from_date,
        valid_to_date
    from {{ ref('bridge_account_holder') }}
    group by account_key, valid_from_date, valid_to_date
    having sum(share_rate) <> 1
),

-- What nobody holds, or, below 0, what is promised twice.
lacking as (
    select
        account_month.*,
        several.share_rate,
        {{ share_of_amount('account_month.average_balance_amount', '(1 - several.share_rate)') }}
            as lacking_balance_amount,
        {{ share_of_amount('account_month.contribution_amount', '(1 - several.share_rate)') }}
            as lacking_contribution_amount
    from several
    inner join {{ ref('fct_account_month') }} as account_month
        on several.account_key = account_month.account_key
        and {{ as_at('several', month_reached('account_month.month_date')) }}
)

select
    cast(account_key as bigint) as account_key,
    cast(account_fk as bigint) as account_fk,
    cast(customer_fk as bigint) as customer_fk,
    cast(product_fk as bigint) as product_fk,
    cast(organisation_fk as bigint) as organisation_fk,
    cast(share_rate as decimal(12, 8)) as share_rate,
    cast(average_balance_amount as decimal(18, 2)) as average_balance_amount,
    cast(lacking_balance_amount as decimal(18, 2)) as lacking_balance_amount,
    cast(lacking_contribution_amount as decimal(18, 2)) as lacking_contribution_amount,
    cast(month_date as date) as month_date
from lacking
