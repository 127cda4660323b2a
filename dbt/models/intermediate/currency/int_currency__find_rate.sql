-- One row per currency that has a rate, and month: the rate that all its amounts of the month are
-- turned into yuan at, the one of the last day that the month's figures reach to.
select
    cast(rate.currency_code as {{ t_string() }}) as currency_code,
    cast(rate.exchange_price as decimal(18, 4)) as exchange_price,
    cast(rate.valid_from_date as date) as rate_date,
    cast(month.month_date as date) as month_date
from {{ month_list() }} as month
inner join {{ ref('fct_exchange_rate') }} as rate
    on {{ as_at('rate', month_reached('month.month_date')) }}
