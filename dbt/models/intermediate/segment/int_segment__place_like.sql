-- One row per customer with an open account on the business date: the customers who are like him, by kind,
-- deposits and age.
select
    month.customer_key,
    month.customer_fk,
    month.observation_date,
    concat_ws(
        ' ', coalesce(customer.population_type_code, customer.party_type_code, 'unknown'), deposit.band_code,
        coalesce(age.band_code, 'ageless')
    ) as like_code
from {{ ref('fct_customer_month') }} as month
inner join {{ ref('dim_customer') }} as customer on month.customer_fk = customer.customer_pk
inner join {{ ref('like_band') }} as deposit
    on deposit.band_kind_code = 'deposit'
    and month.deposit_average_amount >= deposit.minimum_value
    and month.deposit_average_amount < deposit.maximum_value
    and {{ as_at('deposit', 'month.observation_date') }}
left join {{ ref('like_band') }} as age
    on age.band_kind_code = 'age'
    and customer.party_type_code = 'person'
    and year(month.observation_date) - customer.birth_year >= age.minimum_value
    and year(month.observation_date) - customer.birth_year < age.maximum_value
    and {{ as_at('age', 'month.observation_date') }}
where
    month.month_date = {{ date_literal(business_month()) }}
    and month.customer_key <> {{ var('unassigned_pk') }}
    and month.open_account_count > 0
