-- One row per currency and stretch of days on which one middle rate held.
with latest as (
    {{ pick_latest_small(
        ref('stg_treasury__exchange_rate'),
        key=['currency_code', 'rate_date'],
        columns=['currency_code', 'rate_date', 'exchange_price'],
    ) }}
)

select
    cast(currency_code as {{ t_string() }}) as currency_code,
    cast(exchange_price as decimal(18, 4)) as exchange_price,
    cast(rate_date as date) as valid_from_date,
    cast(
        coalesce(
            lead(rate_date) over (partition by currency_code order by rate_date),
            {{ open_valid_date() }}
        ) as date
    ) as valid_to_date
from latest
where
    rate_date <= {{ business_date() }}
    and currency_code <> '{{ var("own_currency_code") }}'
