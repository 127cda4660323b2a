-- One row per curve and tenor that the curve of its currency before it had and it has not, and one per curve
-- that none followed for longer than rule review_threshold says (tenor -1): neighbours and older curves stand
-- in. With it what is priced by that curve in the running month, accounts of averaged curves left out.
with node as (
    {{ pick_latest_small(
        ref('stg_treasury__ftp_curve'),
        key=['curve_date', 'currency_code', 'tenor_months'],
        columns=['curve_date', 'currency_code', 'tenor_months'],
    ) }}
),

followed as (
    select
        currency_code,
        curve_date,
        lag(curve_date) over (partition by currency_code order by curve_date) as earlier_curve_date,
        coalesce(
            lead(curve_date) over (partition by currency_code order by curve_date),
            {{ add_days(business_date(), 1) }}
        ) as until_date
    from (
        select distinct
            currency_code,
            curve_date
        from node
        where curve_date <= {{ business_date() }}
    ) as delivered
),

curve as (
    select
        followed.*,
        {{ days_between('curve_date', 'until_date') }} as days_count
    from followed
),

lacking as (
    select
        curve.currency_code,
        curve.curve_date,
        curve.days_count,
        earlier.tenor_months
    from curve
    inner join node as earlier
        on curve.currency_code = earlier.currency_code and curve.earlier_curve_date = earlier.curve_date
    left join node as here
        on curve.currency_code = here.currency_code
        and curve.curve_date = here.curve_date
        and earlier.tenor_months = here.tenor_months
    where here.tenor_months is null
    union all
    select
        curve.currency_code,
        curve.curve_date,
        curve.days_count,
        -1 as tenor_months
    from curve
    inner join {{ ref('review_threshold') }} as threshold
        on threshold.review_code = 'transfer_curve_days' and {{ as_at('threshold', 'curve.curve_date') }}
    where curve.days_count > threshold.threshold_value
),

priced as (
    select
        account.currency_code,
        price.curve_date,
        count(*) as account_count,
        {{ total_of('price.balance_days_amount') }} as balance_days_amount
    from {{ ref('fct_ftp_month') }} as price
    inner join {{ ref('dim_account') }} as account on price.account_fk = account.account_pk
    where
        price.month_date = {{ date_literal(business_month()) }}
        and price.component_code = 'base'
        and price.method_set_code = '{{ var("base_ftp_method_set") }}'
    group by account.currency_code, price.curve_date
)

select
    cast(lacking.currency_code as {{ t_string() }}) as currency_code,
    cast(lacking.curve_date as date) as curve_date,
    cast(lacking.tenor_months as int) as tenor_months,
    cast(lacking.days_count as int) as days_count,
    cast(coalesce(priced.account_count, 0) as bigint) as account_count,
    cast(coalesce(priced.balance_days_amount, 0) as decimal(18, 2)) as balance_days_amount
from lacking
left join priced
    on lacking.currency_code = priced.currency_code and lacking.curve_date = priced.curve_date
