-- One row per month, transaction type and channel: what one posting costs by the rule of the month.
with history as (
    select min(month_date) as first_month_date from {{ ref('fct_transaction') }}
)

select
    cast(transaction_type.transaction_type_pk as bigint) as transaction_type_fk,
    cast(channel.channel_pk as bigint) as channel_fk,
    cast(cost.unit_cost_amount as decimal(18, 2)) as unit_cost_amount,
    cast(month.month_date as date) as month_date
from {{ month_list() }} as month
-- Months without postings need no price.
inner join history on month.month_date >= history.first_month_date
inner join {{ ref('transaction_unit_cost') }} as cost
    on month.month_date >= cost.valid_from_date and month.month_date < cost.valid_to_date
inner join {{ ref('dim_transaction_type') }} as transaction_type
    on cost.transaction_type_code = transaction_type.transaction_type_code
inner join {{ ref('dim_channel') }} as channel on cost.channel_code = channel.channel_code
