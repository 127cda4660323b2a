-- One row per borrower and period declared, as last delivered, and what makes its figures unusable.
with declaration as (
    {{ pick_latest_small(
        ref('stg_credit__declared_financials'),
        key=['customer_id', 'period_start_date', 'period_end_date'],
        columns=[
            'customer_id', 'period_start_date', 'period_end_date', 'industry_code', 'turnover_amount',
            'gross_margin_rate', 'output_amount', 'employee_id', 'declared_date',
        ],
        where='declared_date <= ' ~ business_date(),
    ) }}
),

customer_version as (
    {{ carried_versions(
        ref('dim_customer'), 'customer', 'customer_key', ['population_type_code', 'party_type_code', 'industry_code']
    ) }}
)

-- Every number that was ever delivered has a pseudonym, a mistyped one too: unknown is who is on no list of customers.
-- The letter of its section may stand before an industry's digits: F5211 is 5211.
select
    assigned.customer_key,
    customer.customer_pk,
    declaration.period_start_date,
    declaration.period_end_date,
    declaration.employee_id,
    declaration.declared_date,
    declaration.industry_code as declared_industry_code,
    coalesce(declaration.industry_code, customer.industry_code) as industry_code,
    {{ re_replace_all('coalesce(declaration.industry_code, customer.industry_code)', '^[A-Za-z]', '') }}
        as industry_digits,
    coalesce(customer.population_type_code, customer.party_type_code) as peer_kind_code,
    declaration.turnover_amount,
    declaration.output_amount,
    declaration.gross_margin_rate,
    case
        when declaration.period_end_date < declaration.period_start_date then 'period_reversed'
        when customer.customer_pk is null then 'unknown_customer'
    end as unusable_code
from declaration
inner join {{ ref('int_customer__assign_key') }} as assigned on declaration.customer_id = assigned.customer_id
left join customer_version as customer
    on assigned.customer_key = customer.customer_key
    and {{ as_at('customer', 'declaration.declared_date') }}
