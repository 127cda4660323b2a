-- One row per account, holder and stretch of days, of accounts with several holders or versions.
-- Cut for the whole account at once, so that the shares of any stretch sum to one.
{% set whole_units = 100000000 %}
with several as (
    select
        account_key,
        customer_key,
        role_code,
        share_rate,
        valid_from_date,
        valid_to_date
    from {{ ref('int_account__list_holder') }}
    where versions_count > 1
),

cut as (
    select
        account_key,
        valid_from_date as cut_date
    from several
    union distinct
    select
        account_key,
        valid_to_date as cut_date
    from several
),

stretch as (
    select
        account_key,
        cut_date as valid_from_date,
        lead(cut_date) over (
            partition by account_key order by cut_date nulls last
        ) as valid_to_date
    from cut
),

holding as (
    select
        several.account_key,
        several.customer_key,
        several.role_code,
        several.share_rate,
        stretch.valid_from_date,
        stretch.valid_to_date,
        case when several.role_code = 'authorised' then 0 else 1 end as entitled_count,
        case
            when several.role_code <> 'authorised' and several.share_rate is not null then 1 else 0
        end as given_count
    from stretch
    inner join several
        on stretch.account_key = several.account_key
        and {{ as_at('several', 'stretch.valid_from_date') }}
    where stretch.valid_to_date is not null
),

counted as (
    select
        account_key,
        customer_key,
        role_code,
        share_rate,
        valid_from_date,
        valid_to_date,
        entitled_count,
        sum(entitled_count) over (partition by account_key, valid_from_date) as holders_count,
        sum(given_count) over (partition by account_key, valid_from_date) as shares_given_count,
        row_number() over (
            partition by account_key, valid_from_date
            order by entitled_count desc, customer_key
        ) as nth_holder
    from holding
),

shared as (
    select
        account_key,
        customer_key,
        role_code,
        valid_from_date,
        valid_to_date,
        case
            when entitled_count = 0 then 0
            when shares_given_count > 0 then coalesce(share_rate, 0)
            -- No shares are kept: equal parts, the odd hundred-millionth to the first.
            else {{ from_units(
                idiv(whole_units, 'holders_count')
                ~ ' + case when nth_holder <= mod(' ~ whole_units ~ ', holders_count) then 1 else 0 end',
                8, 12
            ) }}
        end as share_rate
    from counted
)

select
    cast(account_key as bigint) as account_key,
    cast(customer_key as bigint) as customer_key,
    cast(role_code as {{ t_string() }}) as role_code,
    cast(share_rate as decimal(12, 8)) as share_rate,
    cast(valid_from_date as date) as valid_from_date,
    cast(valid_to_date as date) as valid_to_date
from shared
