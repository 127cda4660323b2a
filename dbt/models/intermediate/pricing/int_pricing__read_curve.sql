-- One row per currency, curve and stretch of tenors between two delivered ones, the ends included.
-- Before the first and behind the last delivered tenor the curve is flat.
with curve as (
    {{ pick_latest_small(
        ref('stg_treasury__ftp_curve'),
        key=['curve_date', 'currency_code', 'tenor_months'],
        columns=['curve_date', 'currency_code', 'tenor_months', 'ftp_rate'],
    ) }}
),

node as (
    select
        currency_code,
        curve_date,
        tenor_months * 30 as tenor_days,
        ftp_rate,
        lead(tenor_months * 30) over (
            partition by currency_code, curve_date order by tenor_months
        ) as next_tenor_days,
        lead(ftp_rate) over (
            partition by currency_code, curve_date order by tenor_months
        ) as next_ftp_rate,
        lag(tenor_months) over (
            partition by currency_code, curve_date order by tenor_months
        ) as earlier_tenor_months
    from curve
)

select
    cast(currency_code as {{ t_string() }}) as currency_code,
    cast(curve_date as date) as curve_date,
    cast(case when earlier_tenor_months is null then 0 else tenor_days end as bigint)
        as from_tenor_days,
    cast(coalesce(next_tenor_days, 1000000) as bigint) as to_tenor_days,
    cast(tenor_days as bigint) as tenor_days,
    cast(ftp_rate as decimal(12, 8)) as ftp_rate,
    cast(next_tenor_days as bigint) as next_tenor_days,
    cast(next_ftp_rate as decimal(12, 8)) as next_ftp_rate
from node
