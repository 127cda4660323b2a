-- One row per customer with something to lose and observation date: month ends, and the business date.
{{ partitioned_from_month('observation_date') }}
{%- set first_month = features_rebuilt_from('ftr_customer') %}
{%- set parts = feature_parts() %}
with visited as (
    select
        customer.customer_key,
        month.month_date,
        max(visit.visited_date) as last_visited_date
    from {{ ref('fct_visit') }} as visit
    inner join {{ month_list(first_month) }} as month
        on visit.visited_date <= {{ month_reached('month.month_date') }}
        and {{ visit_known_on('visit', month_reached('month.month_date')) }}
    inner join {{ ref('dim_customer') }} as customer on visit.customer_fk = customer.customer_pk
    group by customer.customer_key, month.month_date
),

-- What he held so many months before. Null: he was not a customer yet, or nothing was delivered.
earlier as (
    {{ deposits_by_month(first_month) }}
),

observed as (
    select
        rolling.customer_key,
        rolling.observation_date,
        rolling.recent_average_amount,
        rolling.recent_loan_average_amount,
        rolling.balance_change_rate,
        rolling.contribution_3m_amount,
        rolling.customer_transaction_30d_count,
        rolling.customer_transaction_90d_count,
        rolling.outflow_90d_amount,
        rolling.rival_outflow_90d_amount,
        rolling.visit_90d_count,
        rolling.complaint_90d_count,
        month.deposit_closing_amount,
        month.loan_closing_amount,
        month.open_account_count,
        month.product_count,
        month.last_customer_transaction_date,
        visited.last_visited_date,
        one_month.deposit_closing_amount as deposit_closing_1m_ago_amount,
        three_months.deposit_closing_amount as deposit_closing_3m_ago_amount,
        six_months.deposit_closing_amount as deposit_closing_6m_ago_amount,
        customer.party_type_code,
        customer.population_type_code,
        customer.level_code,
        customer.birth_year,
        customer.opened_date
        {%- for part, names in parts.items() %}
        {%- for name in names %},
        {{ part | replace('ftr_customer_', '') }}.{{ name }}
        {%- endfor %}
        {%- endfor %}
    from {{ ref('fct_customer_rolling_month') }} as rolling
    inner join {{ ref('fct_customer_month') }} as month
        on rolling.customer_key = month.customer_key and rolling.month_date = month.month_date
    left join {{ ref('dim_customer') }} as customer on rolling.customer_fk = customer.customer_pk
    {%- for part in parts %}
    {%- set word = part | replace('ftr_customer_', '') %}
    left join {{ ref(part) }} as {{ word }}
        on rolling.customer_key = {{ word }}.customer_key and rolling.observation_date = {{ word }}.observation_date
    {%- endfor %}
    left join visited
        on rolling.customer_key = visited.customer_key and rolling.month_date = visited.month_date
    {%- for word, months in [('one_month', 1), ('three_months', 3), ('six_months', 6)] %}
    left join earlier as {{ word }}
        on rolling.customer_key = {{ word }}.customer_key
        and {{ add_months_to('rolling.month_date', -months) }} = {{ word }}.month_date
        and {{ in_series_of(word, 'rolling.month_date') }}
    {%- endfor %}
    where
        rolling.has_something_to_lose
        and rolling.customer_key <> {{ var('unassigned_pk') }}
        and {{ in_rebuilt('rolling.month_date', first_month) }}
)

select
    cast(customer_key as bigint) as customer_key,
    cast(party_type_code as {{ t_string() }}) as party_type_code,
    cast(population_type_code as {{ t_string() }}) as population_type_code,
    cast(level_code as {{ t_string() }}) as level_code,
    -- Years of age, of a company since its foundation; the day of birth is not known here.
    cast(year(observation_date) - birth_year as int) as age_years_before_obs,
    cast({{ months_apart('opened_date', 'observation_date') }} as int) as tenure_months_before_obs,
    cast(deposit_closing_amount as decimal(18, 2)) as deposit_closing_amount_before_obs,
    cast(deposit_closing_1m_ago_amount as decimal(18, 2)) as deposit_closing_1m_ago_amount_before_obs,
    cast(deposit_closing_3m_ago_amount as decimal(18, 2)) as deposit_closing_3m_ago_amount_before_obs,
    cast(deposit_closing_6m_ago_amount as decimal(18, 2)) as deposit_closing_6m_ago_amount_before_obs,
    cast(recent_average_amount as decimal(18, 2)) as deposit_average_90d_amount_before_obs,
    cast(balance_change_rate as decimal(18, 8)) as balance_change_rate_before_obs,
    -- Null: nothing to compare with three months ago.
    cast({{ ratio_of(
        'deposit_closing_amount - deposit_closing_3m_ago_amount', 'deposit_closing_3m_ago_amount'
    ) }} as decimal(18, 8)) as deposit_trend_3m_rate_before_obs,
    cast(loan_closing_amount as decimal(18, 2)) as loan_closing_amount_before_obs,
    cast(loan_closing_amount > 0 or recent_loan_average_amount > 0 as boolean)
        as has_loan_before_obs,
    cast(open_account_count as int) as open_account_count_before_obs,
    cast(product_count as int) as product_count_before_obs,
    cast(customer_transaction_30d_count as bigint) as customer_transaction_30d_count_before_obs,
    cast(customer_transaction_90d_count as bigint) as customer_transaction_90d_count_before_obs,
    -- Null: he never moved his money himself as far back as the postings go.
    cast({{ days_between('last_customer_transaction_date', 'observation_date') }} as int)
        as customer_transaction_idle_days_before_obs,
    cast(outflow_90d_amount as decimal(18, 2)) as outflow_90d_amount_before_obs,
    cast(rival_outflow_90d_amount as decimal(18, 2)) as rival_outflow_90d_amount_before_obs,
    cast(visit_90d_count as bigint) as visit_90d_count_before_obs,
    -- Null: nobody ever visited him as far back as the ledger of visits goes.
    cast({{ days_between('last_visited_date', 'observation_date') }} as int)
        as visit_idle_days_before_obs,
    cast(complaint_90d_count as bigint) as complaint_90d_count_before_obs,
    cast(contribution_3m_amount as decimal(18, 2)) as contribution_3m_amount_before_obs,
    {%- for names in parts.values() %}
    {%- for name in names %}
    cast({{ name }} as {{ feature_type(name) }}) as {{ name }},
    {%- endfor %}
    {%- endfor %}
    cast(observation_date as date) as observation_date
from observed
