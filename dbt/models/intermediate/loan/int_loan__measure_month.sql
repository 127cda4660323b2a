-- One row per account that lends or holds a provision, and month: what is lent on average, and how the
-- risk system and the contract grade it on the last day that the month's figures reach to.
{%- set first_month = rebuilt_from('fct_account_month') %}
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

graded as (
    select
        gathered.account_key,
        gathered.month_date,
        loan.collateral_code,
        loan.five_class_code,
        -- The worst contract speaks for its account.
        row_number() over (
            partition by gathered.account_key, gathered.month_date
            order by
                case loan.five_class_code
                    when 'loss' then 1
                    when 'doubtful' then 2
                    when 'substandard' then 3
                    when 'special_mention' then 4
                    when 'normal' then 5
                    else 6
                end,
                loan.principal_amount desc, loan.loan_id
        ) as grade_rank
    from gathered
    inner join {{ ref('int_loan__track_version') }} as loan
        on gathered.account_key = loan.account_key
        and {{ as_at('loan', month_reached('gathered.month_date')) }}
)

select
    cast(gathered.account_key as bigint) as account_key,
    cast(gathered.balance_days_amount as decimal(18, 2)) as balance_days_amount,
    -- In a month that the risk system spoke of, an account that it left out has no provision.
    cast(gathered.is_month_measured as boolean) as is_month_measured,
    cast(coalesce(gathered.is_carried, false) as boolean) as is_carried,
    cast(gathered.rating_code as {{ t_string() }}) as rating_code,
    cast(graded.five_class_code as {{ t_string() }}) as five_class_code,
    cast(graded.collateral_code as {{ t_string() }}) as collateral_code,
    cast(gathered.pd_rate as decimal(12, 8)) as pd_rate,
    cast(gathered.lgd_rate as decimal(12, 8)) as lgd_rate,
    cast(gathered.undrawn_amount as decimal(18, 2)) as undrawn_amount,
    cast(
        case
            when gathered.is_month_measured and gathered.is_carried is null then 0
            else gathered.provision_amount
        end as decimal(18, 2)
    ) as provision_amount,
    cast(coalesce(gathered.used_provision_amount, 0) as decimal(18, 2)) as used_provision_amount,
    cast(gathered.month_date as date) as month_date
from gathered
left join graded
    on gathered.account_key = graded.account_key
    and gathered.month_date = graded.month_date
    and graded.grade_rank = 1
