-- One row per currency, day and tenor that something is priced by: the rate of the curve that held.
with monthly_kind as (
    select
        currency_code,
        tenor_days
    from {{ ref('int_pricing__place_month') }}
    where method_code in ('ladder', 'fixed_tenor')
    union distinct
    -- A ladder keeps a part overnight.
    select
        currency_code,
        0 as tenor_days
    from {{ ref('int_pricing__place_month') }}
    where method_code = 'ladder'
),

asked as (
    select distinct
        currency_code,
        pricing_date,
        tenor_days,
        false as is_monthly
    from {{ ref('int_pricing__place_month') }}
    where pricing_date is not null and tenor_days is not null
    union all
    select
        monthly_kind.currency_code,
        month.month_date as pricing_date,
        monthly_kind.tenor_days,
        true as is_monthly
    from {{ month_list() }} as month
    cross join monthly_kind
),

curve_day as (
    select distinct
        currency_code,
        curve_date
    from {{ ref('int_pricing__read_curve') }}
),

asked_day as (
    select distinct
        currency_code,
        pricing_date
    from asked
),

-- Before the first curve, that one: better than none, and told.
dated as (
    select
        asked_day.currency_code,
        asked_day.pricing_date,
        coalesce(
            max(case when curve_day.curve_date <= asked_day.pricing_date then curve_day.curve_date end),
            min(curve_day.curve_date)
        ) as curve_date
    from asked_day
    inner join curve_day on asked_day.currency_code = curve_day.currency_code
    group by asked_day.currency_code, asked_day.pricing_date
)

select
    cast(asked.currency_code as {{ t_string() }}) as currency_code,
    cast(asked.pricing_date as date) as pricing_date,
    cast(asked.tenor_days as bigint) as tenor_days,
    cast(asked.is_monthly as boolean) as is_monthly,
    cast(dated.curve_date as date) as curve_date,
    cast({{ interpolated_rate('node', 'asked.tenor_days') }} as decimal(12, 8)) as ftp_rate
from asked
inner join dated
    on asked.currency_code = dated.currency_code and asked.pricing_date = dated.pricing_date
inner join {{ ref('int_pricing__read_curve') }} as node
    on dated.currency_code = node.currency_code
    and dated.curve_date = node.curve_date
    and asked.tenor_days >= node.from_tenor_days
    and asked.tenor_days < node.to_tenor_days
