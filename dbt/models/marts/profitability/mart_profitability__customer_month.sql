-- One row per customer and month since the customer was registered, and one per month for what
-- belongs to nobody known.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('mart_profitability__customer_month') %}
with contribution as (
    select
        month.customer_key,
        month.customer_fk,
        month.month_date,
        month.days_count,
        customer.organisation_fk,
        customer.manager_fk,
        customer.district_fk,
        month.deposit_average_amount,
        month.loan_average_amount,
        month.deposit_margin_amount,
        month.loan_margin_amount,
        month.fee_amount,
        month.transaction_cost_amount,
        month.contribution_amount,
        month.missing_rate_account_count
    from {{ ref('fct_customer_month') }} as month
    left join {{ ref('dim_customer') }} as customer on month.customer_fk = customer.customer_pk
    where {{ in_rebuilt('month.month_date', first_month) }}
),

ranked as (
    select
        contribution.*,
        row_number() over (
            partition by month_date order by contribution_amount desc, customer_key
        ) as contribution_rank,
        cast(
            sum(contribution_amount) over (
                partition by month_date
                order by contribution_amount desc, customer_key
                rows between unbounded preceding and current row
            ) as decimal(18, 2)
        ) as cumulative_contribution_amount,
        cast(sum(contribution_amount) over (partition by month_date) as decimal(18, 2))
            as total_contribution_amount
    from contribution
)

select
    cast(customer_key as bigint) as customer_key,
    cast(customer_fk as bigint) as customer_fk,
    cast(days_count as int) as days_count,
    cast(coalesce(organisation_fk, {{ var('unassigned_pk') }}) as bigint) as organisation_fk,
    cast(coalesce(manager_fk, {{ var('unassigned_pk') }}) as bigint) as manager_fk,
    cast(coalesce(district_fk, {{ var('unassigned_pk') }}) as bigint) as district_fk,
    cast(deposit_average_amount as decimal(18, 2)) as average_deposit_amount,
    cast(loan_average_amount as decimal(18, 2)) as average_loan_amount,
    cast(deposit_margin_amount as decimal(18, 2)) as deposit_margin_amount,
    cast(loan_margin_amount as decimal(18, 2)) as loan_margin_amount,
    cast(fee_amount as decimal(18, 2)) as fee_amount,
    cast(transaction_cost_amount as decimal(18, 2)) as transaction_cost_amount,
    cast(contribution_amount as decimal(18, 2)) as contribution_amount,
    cast(contribution_rank as bigint) as contribution_rank,
    cast(cumulative_contribution_amount as decimal(18, 2)) as cumulative_contribution_amount,
    cast(total_contribution_amount as decimal(18, 2)) as total_contribution_amount,
    -- Null in a month whose customers together bring nothing.
    cast({{ ratio_of('cumulative_contribution_amount', 'total_contribution_amount') }} as decimal(18, 8))
        as cumulative_share,
    cast(missing_rate_account_count as int) as missing_rate_account_count,
    cast(month_date as date) as month_date
from ranked
