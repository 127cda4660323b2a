-- One row per account that lends or holds a provision, and month: what is lent on average, and how the
-- risk system and the contract grade it on the last day that the month's figures reach to. What the risk
-- system says is in the account's currency.
{%- set first_month = rebuilt_from('fct_exposure_month') %}
with history as (
    -- A balance on the eve of the first month makes no month of its own.
    select min(month_date) as first_month_date from {{ ref('fct_account_month') }}
),

lent as (
    select
        price.account_key,
        price.month_date,
        {{ total_of('price.balance_days_amount') }} as balance_days_amount
    from {{ ref('int_account__price_month') }} as price
    inner join history on price.month_date >= history.first_month_date
    where price.pillar_code = 'asset' and price.method_set_code = '{{ var("base_ftp_method_set") }}'
    group by price.account_key, price.month_date
),

measure as (
    select measure.*
    from {{ ref('int_loan__read_measure') }} as measure
    -- Of the month before the first only what stood at its end, to tell the first month's change.
    inner join history
        on measure.month_date >= {{ add_months_to('history.first_month_date', -1) }}
    where {{ in_rebuilt('measure.month_date', first_month) }}
),

measured_month as (
    select distinct month_date from measure
),

gathered as (
    select
        coalesce(lent.account_key, measured.account_key) as account_key,
        coalesce(lent.month_date, measured.month_date) as month_date,
        coalesce(lent.balance_days_amount, 0) as balance_days_amount,
        measured_month.month_date is not null as is_month_measured,
        measured.is_carried,
        measured.rating_code,
        measured.pd_rate,
        measured.lgd_rate,
        measured.undrawn_amount,
        measured.provision_amount,
        measured.used_provision_amount
    from lent
    full outer join measure as measured
        on lent.account_key = measured.account_key and lent.month_date = measured.month_date
    left join measured_month
        on coalesce(lent.month_date, measured.month_date) = measured_month.month_date
),

contract as (
    select
        gathered.account_key,
        gathered.month_date,
        loan.loan_id,
        loan.principal_amount,
        loan.collateral_code,
        loan.five_class_code,
        loan.overdue_days,
        {{ class_rank('loan.five_class_code') }} as class_rank,
        loan.told_from_date <= {{ month_reached('gathered.month_date') }} as is_told
    from gathered
    inner join {{ ref('int_loan__track_version') }} as loan
        on gathered.account_key = loan.account_key
        and {{ as_at('loan', month_reached('gathered.month_date')) }}
),

-- The worst contract speaks for its account; beside it the worst of those that had been delivered by then.
graded as (
    select
        account_key,
        month_date,
        collateral_code,
        five_class_code,
        max(case when is_told then class_rank end) over (partition by account_key, month_date) as told_class_rank,
        max(case when is_told then overdue_days end) over (partition by account_key, month_date)
            as told_overdue_days,
        row_number() over (
            partition by account_key, month_date
            order by coalesce(class_rank, 0) desc, principal_amount desc, loan_id
        ) as grade_rank
    from contract
),

kept as (
    select
        gathered.*,
        account.currency_code,
        exchange.exchange_price
    from gathered
    left join {{ ref('bridge_account_version') }} as version
        on gathered.account_key = version.account_key
        and {{ as_at('version', month_reached('gathered.month_date')) }}
    left join {{ ref('dim_account') }} as account on version.account_fk = account.account_pk
    left join {{ ref('int_currency__find_rate') }} as exchange
        on {{ foreign_currency('account.currency_code') }} = exchange.currency_code
        and gathered.month_date = exchange.month_date
)

select
    cast(kept.account_key as bigint) as account_key,
    cast(kept.balance_days_amount as decimal(18, 2)) as balance_days_amount,
    -- In a month that the risk system spoke of, an account that it left out has no provision.
    cast(kept.is_month_measured as boolean) as is_month_measured,
    cast(coalesce(kept.is_carried, false) as boolean) as is_carried,
    cast(kept.rating_code as {{ t_string() }}) as rating_code,
    cast(graded.five_class_code as {{ t_string() }}) as five_class_code,
    cast({{ ranked_class('graded.told_class_rank') }} as {{ t_string() }}) as told_five_class_code,
    cast(graded.told_overdue_days as int) as told_overdue_days,
    cast(graded.collateral_code as {{ t_string() }}) as collateral_code,
    cast(kept.pd_rate as decimal(12, 8)) as pd_rate,
    cast(kept.lgd_rate as decimal(12, 8)) as lgd_rate,
    cast(coalesce(kept.currency_code, '{{ var("own_currency_code") }}') as {{ t_string() }}) as currency_code,
    cast(kept.exchange_price as decimal(18, 4)) as exchange_price,
    cast(kept.undrawn_amount as decimal(18, 2)) as original_undrawn_amount,
    cast({{ in_yuan('kept.undrawn_amount', 'kept.currency_code', 'kept.exchange_price') }} as decimal(18, 2))
        as undrawn_amount,
    cast(
        case
            when kept.is_month_measured and kept.is_carried is null then 0
            else kept.provision_amount
        end as decimal(18, 2)
    ) as original_provision_amount,
    cast(coalesce(kept.used_provision_amount, 0) as decimal(18, 2)) as original_used_provision_amount,
    cast(kept.month_date as date) as month_date
from kept
left join graded
    on kept.account_key = graded.account_key
    and kept.month_date = graded.month_date
    and graded.grade_rank = 1
