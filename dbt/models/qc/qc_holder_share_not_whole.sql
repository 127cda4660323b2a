-- One row per account and month whose holders' shares do not sum to 1 on the last counted day.
{{ partitioned_from_month('month_date') }}
with rebuilt as (
    select min(month_date) as first_month_date from {{ ref('int_account__share_month') }}
),

account_month as (
    select account_month.*
    from {{ ref('fct_account_month') }} as account_month
    inner join rebuilt on account_month.month_date >= rebuilt.first_month_date
),

promised as (
    select
        account_key,
        sum(share_rate) as share_rate,
        valid_from_date,
        valid_to_date
    from {{ ref('bridge_account_holder') }}
    where role_code <> 'authorised'
    group by account_key, valid_from_date, valid_to_date
    having sum(share_rate) > 1 or sum(share_rate) = 0
),

-- What nobody holds stands behind somebody's stretch. Of owners who have no share at all the account counts
-- whole at the customer on its record, which no list of holders bears out. Below 0 is what is promised twice.
lacking as (
    select
        account_month.*,
        {{ from_units('share.from_units', 8, 12) }} as share_rate,
        {{ part_between('account_month.average_balance_amount', 'share.from_units', 'share.to_units') }}
            as lacking_balance_amount,
        {{ part_between('account_month.contribution_amount', 'share.from_units', 'share.to_units') }}
            as lacking_contribution_amount
    from {{ ref('int_account__share_month') }} as share
    inner join account_month
        on share.account_key = account_month.account_key and share.month_date = account_month.month_date
    where share.customer_key = {{ var('unassigned_pk') }} and share.from_units > 0
    union all
    select
        account_month.*,
        promised.share_rate,
        {{ share_of_amount('account_month.average_balance_amount', '(1 - promised.share_rate)') }}
            as lacking_balance_amount,
        {{ share_of_amount('account_month.contribution_amount', '(1 - promised.share_rate)') }}
            as lacking_contribution_amount
    from promised
    inner join account_month
        on promised.account_key = account_month.account_key
        and {{ as_at('promised', month_reached('account_month.month_date')) }}
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
