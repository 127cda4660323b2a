-- One row per customer with an open account on the business date: the customers who are like him, by kind,
-- deposits and age.
with present as (
    select
        month.customer_key,
        month.customer_fk,
        month.observation_date,
        month.deposit_average_amount,
        coalesce(customer.population_type_code, customer.party_type_code, 'unknown') as kind_code,
        -- What a company has is no age but the years since it was founded.
        case
            when customer.party_type_code = 'person' then year(month.observation_date) - customer.birth_year
        end as age_years
    from {{ ref('fct_customer_month') }} as month
    inner join {{ ref('dim_customer') }} as customer on month.customer_fk = customer.customer_pk
    where
        month.month_date = {{ date_literal(business_month()) }}
        and month.customer_key <> {{ var('unassigned_pk') }}
        and month.open_account_count > 0
)

select
    present.customer_key,
    present.customer_fk,
    present.observation_date,
    concat_ws(' ', present.kind_code, deposit.band_code, coalesce(age.band_code, 'ageless')) as like_code
from present
inner join {{ ref('like_band') }} as deposit
    on deposit.band_kind_code = 'deposit'
    and present.deposit_average_amount >= deposit.minimum_value
    and present.deposit_average_amount < deposit.maximum_value
    and {{ as_at('deposit', 'present.observation_date') }}
left join {{ ref('like_band') }} as age
    on age.band_kind_code = 'age'
    and present.age_years >= age.minimum_value
    and present.age_years < age.maximum_value
    and {{ as_at('age', 'present.observation_date') }}
