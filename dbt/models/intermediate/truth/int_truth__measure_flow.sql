-- One row per borrower and period declared: the sales paid in with us, and the part of the period, weighed
-- by season, that our accounts show.
with period as (
    select distinct
        customer_key,
        peer_kind_code,
        period_start_date,
        period_end_date
    from {{ ref('int_truth__list_declaration') }}
),

customer_version as (
    {{ carried_versions(ref('dim_customer'), 'customer', 'customer_key', ['population_type_code', 'party_type_code']) }}
),

sales as (
    select
        inflow.customer_key,
        inflow.month_date,
        {{ total_of('inflow.inflow_amount') }} as sales_amount
    from {{ ref('fct_business_inflow_month') }} as inflow
    where inflow.treatment_code = 'sales'
    group by inflow.customer_key, inflow.month_date
),

-- The season: what a customer of the kind is paid in an average month of that name, whole months only.
season as (
    select
        coalesce(customer.population_type_code, customer.party_type_code) as peer_kind_code,
        month(sales.month_date) as month_number,
        {{ div_units_wide(
            'sum(' ~ cents('sales.sales_amount') ~ ')', 'count(*)'
        ) }} as weight
    from sales
    inner join customer_version as customer
        on sales.customer_key = customer.customer_key
        and {{ as_at('customer', 'sales.month_date') }}
    where {{ month_last('sales.month_date') }} <= {{ business_date() }}
    group by coalesce(customer.population_type_code, customer.party_type_code), month(sales.month_date)
),

usual as (
    select
        peer_kind_code,
        {{ div_units_wide('sum(weight)', 'count(*)') }} as weight
    from season
    group by peer_kind_code
),

history as (
    select min(month_date) as first_month_date from {{ ref('fct_account_month') }}
),

first_account as (
    select
        customer_key,
        min(opened_date) as opened_date
    from {{ ref('dim_account') }}
    group by customer_key
),

period_month as (
    select
        period.customer_key,
        period.period_start_date,
        period.period_end_date,
        calendar.month_date,
        coalesce(season.weight, usual.weight, 1) as weight,
        calendar.month_date >= history.first_month_date
        and {{ month_last('calendar.month_date') }} <= {{ business_date() }}
        and coalesce(first_account.opened_date, {{ first_valid_date() }}) <= calendar.month_date as is_seen
    from period
    inner join {{ ref('dim_date') }} as calendar
        on period.period_start_date <= calendar.date_pk
        and period.period_end_date >= calendar.date_pk
        and calendar.date_pk = calendar.month_date
    cross join history
    left join season
        on period.peer_kind_code = season.peer_kind_code
        and month(calendar.month_date) = season.month_number
    left join usual on period.peer_kind_code = usual.peer_kind_code
    left join first_account on period.customer_key = first_account.customer_key
)

select
    period_month.customer_key,
    period_month.period_start_date,
    period_month.period_end_date,
    count(*) as months_count,
    sum(case when period_month.is_seen then 1 else 0 end) as seen_months_count,
    {{ total_of('case when period_month.is_seen then coalesce(sales.sales_amount, 0) else 0 end') }} as seen_amount,
    cast(sum(period_month.weight) as bigint) as whole_weight,
    cast(sum(case when period_month.is_seen then period_month.weight else 0 end) as bigint) as seen_weight
from period_month
left join sales
    on period_month.customer_key = sales.customer_key and period_month.month_date = sales.month_date
group by period_month.customer_key, period_month.period_start_date, period_month.period_end_date
