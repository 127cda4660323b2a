-- One row per month, currency and product pillar: the transfer rate the month's balances are judged by.
-- Flat method: one tenor for the pillar, read from the curve that held at the start of the month.
with curve as (
    {{ pick_latest_small(
        ref('stg_treasury__ftp_curve'),
        key=['curve_date', 'currency_code', 'tenor_months'],
        columns=['curve_date', 'currency_code', 'tenor_months', 'ftp_rate'],
    ) }}
),

-- Where the first curve came in the course of the month, that one: better than none.
curve_of_month as (
    select
        month.month_date,
        curve.currency_code,
        coalesce(
            max(case when curve.curve_date <= month.month_date then curve.curve_date end),
            min(curve.curve_date)
        ) as curve_date
    from {{ month_list() }} as month
    inner join curve on curve.curve_date <= {{ month_reached('month.month_date') }}
    group by month.month_date, curve.currency_code
),

-- The longest delivered tenor that is not longer than the one wanted; else the shortest there is.
ranked as (
    select
        chosen.month_date,
        chosen.currency_code,
        chosen.curve_date,
        method.pillar_code,
        method.tenor_months,
        method.day_basis,
        curve.tenor_months as curve_tenor_months,
        curve.ftp_rate,
        row_number() over (
            partition by chosen.month_date, chosen.currency_code, method.pillar_code
            order by
                case when curve.tenor_months <= method.tenor_months then 0 else 1 end,
                case when curve.tenor_months <= method.tenor_months then -1 else 1 end
                * curve.tenor_months,
                curve.curve_date
        ) as fit_rank
    from curve_of_month as chosen
    inner join curve
        on chosen.currency_code = curve.currency_code and chosen.curve_date = curve.curve_date
    inner join {{ ref('ftp_method') }} as method
        on chosen.month_date >= method.valid_from_date
        and chosen.month_date < method.valid_to_date
        and method.method_code = 'flat'
)

select
    cast(currency_code as {{ t_string() }}) as currency_code,
    cast(pillar_code as {{ t_string() }}) as pillar_code,
    cast(tenor_months as int) as tenor_months,
    cast(curve_tenor_months as int) as curve_tenor_months,
    cast(curve_date as date) as curve_date,
    cast(day_basis as int) as day_basis,
    cast(ftp_rate as decimal(12, 8)) as ftp_rate,
    cast(month_date as date) as month_date
from ranked
where fit_rank = 1
