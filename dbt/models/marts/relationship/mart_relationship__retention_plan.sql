-- One row per customer whom it pays to visit before he leaves and to whom no visit is owed: by manager, after
-- the visits that are owed and within the same hours, or for his unit to give to somebody.
{{ config(tags=['after_scores']) }}
{%- set nobody = var('unassigned_pk') %}
with rule as (
    select
        offer.repeat_days,
        field_day.person_minutes
    from {{ ref('visit_offer_rule') }} as offer
    inner join {{ ref('field_day') }} as field_day
        on field_day.rule_code = 'manager' and {{ as_at('field_day', business_date()) }}
    where offer.rule_code = 'retention' and offer.is_planned and {{ as_at('offer', business_date()) }}
),

-- What the visits that are owed take of each manager's hours.
owed as (
    select
        employee_id,
        max(available_minutes) as available_minutes,
        sum(planned_count * visit_minutes) as taken_minutes
    from {{ ref('mart_relationship__visit_plan') }}
    group by employee_id
),

-- Who owes none walks alone, as long as the month of the next day lasts.
idle as (
    select last_day.working_day_number - today.working_day_number as working_days
    from {{ ref('dim_date') }} as today
    inner join {{ ref('dim_date') }} as last_day
        on last_day.date_pk = {{ month_last(add_days(business_date(), 1)) }}
    where today.date_pk = {{ business_date() }}
),

visited as (
    select
        customer.customer_key,
        max(visit.visited_date) as visited_date
    from {{ ref('fct_visit') }} as visit
    inner join {{ ref('dim_customer') }} as customer on visit.customer_fk = customer.customer_pk
    where visit.is_valid
    group by customer.customer_key
),

listed as (
    select
        worth.*,
        case when worth.manager_fk = {{ nobody }} then worth.organisation_id else worth.employee_id end as reader_id,
        case when worth.manager_fk = {{ nobody }} then worth.organisation_name else worth.employee_name end
            as reader_name,
        coalesce(owed.available_minutes - owed.taken_minutes, rule.person_minutes * idle.working_days)
            as left_minutes
    from {{ ref('mart_churn__visit_list') }} as worth
    cross join rule
    cross join idle
    left join owed on worth.employee_id = owed.employee_id
    left join visited on worth.customer_key = visited.customer_key
    left join {{ ref('mart_relationship__visit_plan') }} as duty on worth.customer_key = duty.customer_key
    where
        duty.customer_key is null
        and (
            visited.visited_date is null
            or visited.visited_date < {{ add_days(business_date(), '-rule.repeat_days') }}
        )
),

lined_up as (
    select
        listed.*,
        case when manager_fk <> {{ nobody }} then greatest(left_minutes, 0) end as free_minutes,
        row_number() over (
            partition by reader_id, manager_fk order by expected_amount desc, customer_key
        ) as plan_rank,
        sum(visit_minutes) over (
            partition by reader_id, manager_fk
            order by expected_amount desc, customer_key
            rows between unbounded preceding and current row
        ) as minutes_with
    from listed
)

select
    cast(reader_id as {{ t_string() }}) as reader_id,
    cast(reader_name as {{ t_string() }}) as reader_name,
    cast(manager_fk <> {{ nobody }} as boolean) as has_manager,
    cast(plan_rank as bigint) as plan_rank,
    cast(customer_key as bigint) as customer_key,
    cast(level_code as {{ t_string() }}) as level_code,
    cast(churn_score as double) as churn_score,
    cast(expected_amount as decimal(18, 2)) as expected_amount,
    cast(reason_zh as {{ t_string() }}) as reason_zh,
    cast(reason_en as {{ t_string() }}) as reason_en,
    cast(visit_minutes as int) as visit_minutes,
    cast(free_minutes as bigint) as free_minutes,
    cast(
        case
            when free_minutes is null then 'to_assign'
            when minutes_with <= free_minutes then 'planned'
            else 'short_of_hours'
        end as {{ t_string() }}
    ) as plan_code,
    cast(observation_date as date) as scored_date,
    cast(is_scored_now as boolean) as is_scored_now
from lined_up
