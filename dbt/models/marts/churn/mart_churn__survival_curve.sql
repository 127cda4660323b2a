-- One row per population of customers and month since they were first seen: the share that is still here
-- (Kaplan and Meier), with its interval (Greenwood).
with history as (
    select min(month_date) as first_month_date from {{ ref('fct_account_month') }}
),

known as (
    select max(month_date) as last_month_date
    from {{ ref('fct_customer_rolling_month') }}
    where {{ month_last('month_date') }} <= {{ business_date() }}
),

-- A month can find a customer lost once the balances of the whole hard window are known.
span as (
    select
        {{ add_months_to('history.first_month_date', idiv('rule.window_days', 30) ~ ' - 1') }} as first_month_date,
        known.last_month_date
    from history
    cross join known
    inner join {{ ref('churn_rule') }} as rule on rule.rule_code = 'hard' and {{ as_at('rule', business_date()) }}
),

-- Each customer once, from the first of these months in which he had something to lose.
entered as (
    select
        rolling.customer_key,
        min(rolling.month_date) as entry_month_date
    from {{ ref('fct_customer_rolling_month') }} as rolling
    cross join span
    where
        rolling.has_something_to_lose
        and rolling.customer_key <> {{ var('unassigned_pk') }}
        and rolling.month_date >= span.first_month_date
        and rolling.month_date < span.last_month_date
    group by rolling.customer_key
),

lost as (
    select
        entered.customer_key,
        min(rolling.month_date) as lost_month_date
    from entered
    inner join {{ ref('fct_customer_rolling_month') }} as rolling
        on entered.customer_key = rolling.customer_key
        and entered.entry_month_date < rolling.month_date
    cross join span
    where rolling.is_churned_hard and rolling.month_date <= span.last_month_date
    group by entered.customer_key
),

followed as (
    select
        entered.customer_key,
        coalesce(customer.population_type_code, customer.party_type_code, 'unknown') as population_code,
        {{ months_apart('entered.entry_month_date', 'coalesce(lost.lost_month_date, span.last_month_date)') }}
            as month_count,
        case when lost.lost_month_date is not null then 1 else 0 end as lost_count
    from entered
    cross join span
    inner join {{ ref('fct_customer_rolling_month') }} as rolling
        on entered.customer_key = rolling.customer_key and entered.entry_month_date = rolling.month_date
    left join lost on entered.customer_key = lost.customer_key
    left join {{ ref('dim_customer') }} as customer on rolling.customer_fk = customer.customer_pk
),

month_ahead as (
    select distinct {{ months_apart('span.first_month_date', 'rolling.month_date') }} as month_number
    from {{ ref('fct_customer_rolling_month') }} as rolling
    cross join span
    where rolling.month_date > span.first_month_date and rolling.month_date <= span.last_month_date
),

risk as (
    select
        followed.population_code,
        month_ahead.month_number,
        count(*) as at_risk_count,
        sum(case when followed.month_count = month_ahead.month_number then followed.lost_count else 0 end)
            as lost_count
    from followed
    inner join month_ahead on followed.month_count >= month_ahead.month_number
    group by followed.population_code, month_ahead.month_number
),

-- Where all that were left are lost the curve ends at nil, of which there is no logarithm.
summed as (
    select
        population_code,
        month_number,
        at_risk_count,
        lost_count,
        max(case when lost_count = at_risk_count then 1 else 0 end) over until_then as is_at_end,
        sum(case when lost_count < at_risk_count then ln(1 - lost_count / cast(at_risk_count as double)) else 0 end)
            over until_then as log_rate,
        sum(
            case
                when lost_count < at_risk_count
                    then lost_count / (cast(at_risk_count as double) * (at_risk_count - lost_count))
                else 0
            end
        ) over until_then as greenwood
    from risk
    window
        until_then as (
            partition by population_code order by month_number rows between unbounded preceding and current row
        )
),

rated as (
    select
        summed.*,
        case when summed.is_at_end = 1 then 0 else exp(summed.log_rate) end as survival_rate,
        case
            when summed.is_at_end = 0 and summed.log_rate < 0
                then exp(rule.normal_quantile * sqrt(summed.greenwood) / -summed.log_rate)
        end as reach
    from summed
    cross join span
    inner join {{ ref('survival_curve_rule') }} as rule on {{ as_at('rule', 'span.last_month_date') }}
)

select
    cast(rated.population_code as {{ t_string() }}) as population_code,
    cast(rated.month_number as int) as month_number,
    cast(rated.at_risk_count as bigint) as at_risk_count,
    cast(rated.lost_count as bigint) as lost_count,
    cast(round(rated.survival_rate, 9) as double) as survival_rate,
    cast(round(coalesce(exp(rated.log_rate * rated.reach), rated.survival_rate), 9) as double) as survival_low_rate,
    cast(round(coalesce(exp(rated.log_rate / rated.reach), rated.survival_rate), 9) as double) as survival_high_rate,
    cast({{ month_last('span.last_month_date') }} as date) as known_date
from rated
cross join span
