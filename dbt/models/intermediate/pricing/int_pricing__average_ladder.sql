-- One row per currency, month and tenor that is priced by the month: the rate on the first, and its
-- moving average over as many months as the tenor has.
with monthly as (
    select
        rate.currency_code,
        rate.pricing_date as month_date,
        rate.tenor_days,
        greatest({{ idiv('rate.tenor_days', 30) }}, 1) as rung_count,
        rate.ftp_rate,
        case when rate.curve_date > rate.pricing_date then 1 else 0 end as first_curve_count,
        row_number() over (
            partition by rate.currency_code, rate.tenor_days order by rate.pricing_date
        ) as month_number
    from {{ ref('int_pricing__find_rate') }} as rate
    where rate.is_monthly
)

select
    cast(rung.currency_code as {{ t_string() }}) as currency_code,
    cast(rung.month_date as date) as month_date,
    cast(rung.tenor_days as bigint) as tenor_days,
    cast(rung.ftp_rate as decimal(12, 8)) as ftp_rate,
    cast(rung.first_curve_count as int) as first_curve_count,
    cast(sum(earlier.first_curve_count) as int) as ladder_first_curve_count,
    cast(overnight.ftp_rate as decimal(12, 8)) as overnight_rate,
    cast({{ from_units(div_units(
        'cast(sum(earlier.ftp_rate) * 100000000 as bigint)', 'count(*)'
    ), 8, 12) }} as decimal(12, 8)) as average_ftp_rate
from monthly as rung
inner join monthly as earlier
    on rung.currency_code = earlier.currency_code
    and rung.tenor_days = earlier.tenor_days
    and earlier.month_number between rung.month_number - rung.rung_count + 1 and rung.month_number
left join monthly as overnight
    on rung.currency_code = overnight.currency_code
    and rung.month_date = overnight.month_date
    and overnight.tenor_days = 0
group by
    rung.currency_code, rung.month_date, rung.tenor_days, rung.ftp_rate, rung.first_curve_count,
    overnight.ftp_rate
