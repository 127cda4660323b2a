-- One row per account, month and customer whom a part of it belongs to: the stretch of the whole that
-- is his, in hundred-millionths, by the holders' shares on the last day that the figures reach to.
{%- set first_month = rebuilt_from('fct_customer_month') %}
with account_month as (
    select
        account_month.*,
        {{ month_reached('month_date') }} as reached_date
    from {{ ref('fct_account_month') }} as account_month
    where {{ in_rebuilt('month_date', first_month) }}
),

divided_account as (
    select account_key
    from {{ ref('bridge_account_holder') }}
    where role_code <> 'authorised'
    group by account_key
    having min(share_rate) < 1 or count(distinct customer_key) > 1
),

holding as (
    select
        account_month.account_key,
        account_month.month_date,
        account_month.reached_date,
        account_month.organisation_fk,
        holder.customer_key,
        cast(holder.share_rate * {{ whole_units() }} as bigint) as share_units
    from account_month
    inner join divided_account on account_month.account_key = divided_account.account_key
    inner join {{ ref('bridge_account_holder') }} as holder
        on account_month.account_key = holder.account_key
        and {{ as_at('holder', 'account_month.reached_date') }}
    where holder.share_rate > 0
),

stacked as (
    select
        holding.*,
        sum(share_units) over (
            partition by account_key, month_date
            order by customer_key
            rows between unbounded preceding and current row
        ) as to_units,
        sum(share_units) over (partition by account_key, month_date) as total_units
    from holding
),

-- Shares of more than the whole are cut in proportion; what is missing from it is nobody's.
scaled as (
    select
        stacked.*,
        cast(to_units - share_units as bigint) * {{ whole_units() }} as from_part,
        cast(to_units as bigint) * {{ whole_units() }} as to_part,
        greatest(cast(total_units as bigint), {{ whole_units() }}) as divisor
    from stacked
),

placed as (
    select
        account_key,
        month_date,
        reached_date,
        organisation_fk,
        customer_key,
        {{ idiv('from_part', 'divisor') }} as from_units,
        {{ idiv('to_part', 'divisor') }} as to_units
    from scaled
    union all
    select
        account_key,
        month_date,
        max(reached_date) as reached_date,
        max(organisation_fk) as organisation_fk,
        {{ var('unassigned_pk') }} as customer_key,
        max(cast(total_units as bigint)) as from_units,
        {{ whole_units() }} as to_units
    from stacked
    group by account_key, month_date
    having max(total_units) < {{ whole_units() }}
),

divided as (
    select distinct
        account_key,
        month_date
    from placed
),

-- The customer on the account's record may hold no share of it; it is counted at him all the same. Of
-- one holder with all of it there is nothing to divide.
held as (
    select
        account_key,
        month_date,
        reached_date,
        organisation_fk,
        customer_key,
        from_units,
        to_units
    from placed
    union all
    select
        account_month.account_key,
        account_month.month_date,
        account_month.reached_date,
        account_month.organisation_fk,
        account_month.customer_key,
        0 as from_units,
        case when divided.account_key is null then {{ whole_units() }} else 0 end as to_units
    from account_month
    left join divided
        on account_month.account_key = divided.account_key
        and account_month.month_date = divided.month_date
    left join placed as own
        on account_month.account_key = own.account_key
        and account_month.month_date = own.month_date
        and account_month.customer_key = own.customer_key
    where own.account_key is null
),

customer_version as (
    {{ carried_versions(ref('dim_customer'), 'customer', 'customer_key') }}
)

select
    cast(held.account_key as bigint) as account_key,
    cast(held.customer_key as bigint) as customer_key,
    cast(
        case
            when held.customer_key = account_month.customer_key then account_month.customer_fk
            else coalesce(customer.customer_pk, {{ var('unassigned_pk') }})
        end as bigint
    ) as customer_fk,
    cast(held.organisation_fk as bigint) as organisation_fk,
    cast(held.from_units as bigint) as from_units,
    cast(held.to_units as bigint) as to_units,
    cast(held.customer_key = account_month.customer_key as boolean) as is_record_customer,
    cast(held.month_date as date) as month_date
from held
inner join account_month
    on held.account_key = account_month.account_key and held.month_date = account_month.month_date
left join customer_version as customer
    on case when held.customer_key <> account_month.customer_key then held.customer_key end
    = customer.customer_key
    and {{ as_at('customer', 'held.reached_date') }}
