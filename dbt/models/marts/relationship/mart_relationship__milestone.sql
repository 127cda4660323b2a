-- One row per milestone of a plan that was running while the bank surveyed: what was reached, and when.
with known_from as (
    select min(listed_date) as first_date
    from {{ ref('fct_survey_unit') }}
),

milestone as (
    select milestone.*
    from {{ ref('milestone') }} as milestone
    inner join known_from
        on milestone.valid_to_date > known_from.first_date
        and milestone.valid_from_date <= {{ business_date() }}
),

-- The whole survey, day by day.
survey as (
    select * from {{ ref('mart_relationship__survey_coverage') }}
    where district_id = 'all' and population_type_code = 'all'
),

-- The files that the plan is about: of customers whom a manager looks after.
file as (
    select
        count(*) as file_count,
        sum(case when completeness.is_complete then 1 else 0 end) as complete_count,
        sum(completeness.asked_weight) as asked_weight,
        sum(completeness.fresh_weight) as fresh_weight
    from {{ ref('fct_file_completeness_month') }} as completeness
    inner join {{ ref('dim_customer') }} as customer on completeness.customer_fk = customer.customer_pk
    where
        completeness.month_date = {{ date_literal(business_month()) }}
        and customer.manager_fk <> {{ var('unassigned_pk') }}
),

-- What was reached by the end of the plan counts, not what came after it.
measured as (
    select
        milestone.plan_code,
        milestone.milestone_code,
        max(survey.coverage_rate) as reached_rate,
        min(
            case when survey.issued_count > 0 then survey.counted_date end
        ) as started_date,
        min(case when survey.coverage_rate >= milestone.target_rate then survey.counted_date end)
            as covered_date
    from milestone
    inner join survey
        on milestone.valid_from_date <= survey.counted_date
        and milestone.valid_to_date > survey.counted_date
    group by milestone.plan_code, milestone.milestone_code
),

projected as (
    select max(projected_finish_date) as projected_finish_date
    from survey
    where counted_date = {{ business_date() }}
),

reached as (
    select
        milestone.*,
        case milestone.measure_code
            when 'survey_started' then measured.started_date
            when 'survey_coverage' then measured.covered_date
            when 'file_completeness'
                then
                    case
                        when file.complete_count >= milestone.target_rate * file.file_count
                            then {{ business_date() }}
                    end
        end as reached_date,
        case milestone.measure_code
            when 'survey_coverage' then measured.reached_rate
            when 'file_completeness' then {{ share_of('file.complete_count', 'file.file_count') }}
        end as reached_rate,
        case
            when milestone.measure_code = 'file_completeness'
                then {{ share_of('file.fresh_weight', 'file.asked_weight') }}
        end as filled_rate,
        -- A plan that is over will not be reached any more.
        case
            when milestone.measure_code = 'survey_coverage' and milestone.valid_to_date > {{ business_date() }}
                then projected.projected_finish_date
        end as projected_finish_date
    from milestone
    cross join file
    cross join projected
    left join measured
        on milestone.plan_code = measured.plan_code
        and milestone.milestone_code = measured.milestone_code
)

select
    cast(plan_code as {{ t_string() }}) as plan_code,
    cast(milestone_code as {{ t_string() }}) as milestone_code,
    cast(milestone_name_zh as {{ t_string() }}) as milestone_name_zh,
    cast(milestone_name_en as {{ t_string() }}) as milestone_name_en,
    cast(measure_code as {{ t_string() }}) as measure_code,
    cast(target_rate as decimal(12, 8)) as target_rate,
    cast(reached_rate as decimal(12, 8)) as reached_rate,
    cast(filled_rate as decimal(12, 8)) as filled_rate,
    cast(due_date as date) as due_date,
    cast(reached_date as date) as reached_date,
    cast(projected_finish_date as date) as projected_finish_date,
    cast(
        greatest({{ days_between('due_date', 'coalesce(reached_date, ' ~ business_date() ~ ')') }}, 0) as int
    ) as late_days,
    cast(
        case
            when reached_date <= due_date then 'reached_on_time'
            when reached_date > due_date then 'reached_late'
            when due_date < {{ business_date() }} then 'overdue'
            else 'running'
        end as {{ t_string() }}
    ) as status_code
from reached
