-- One row per district, population and day of the survey, with all districts and all populations among
-- them: coverage so far, and when the survey will be over at the pace of the last working days.
with reached as (
    select
        survey.*,
        calendar.working_day_number,
        -- What came in on a day off counts to the next working day.
        calendar.working_day_number + case when calendar.is_working_day then 0 else 1 end as pace_number,
        rule.window_working_days,
        rule.band_rank,
        survey.unit_count - survey.accepted_count as left_count
    from {{ ref('fct_survey_day') }} as survey
    inner join {{ ref('dim_date') }} as calendar on survey.counted_date = calendar.date_pk
    inner join {{ ref('survey_rule') }} as rule
        on rule.rule_code = 'coverage' and {{ as_at('rule', 'survey.counted_date') }}
),

work_day as (
    select
        district_id,
        population_type_code,
        pace_number,
        sum(accepted_on_day_count) as accepted_count
    from reached
    group by district_id, population_type_code, pace_number
),

ranked as (
    select
        reached.district_id,
        reached.population_type_code,
        reached.counted_date,
        reached.window_working_days,
        reached.band_rank,
        work_day.accepted_count,
        row_number() over (
            partition by reached.district_id, reached.population_type_code, reached.counted_date
            order by work_day.accepted_count, work_day.pace_number
        ) as nth_day
    from reached
    inner join work_day
        on reached.district_id = work_day.district_id
        and reached.population_type_code = work_day.population_type_code
        and reached.working_day_number >= work_day.pace_number
        and work_day.pace_number > reached.working_day_number - reached.window_working_days
),

-- Twice the median, so that it stays whole; the band is as many days from either end.
pace as (
    select
        district_id,
        population_type_code,
        counted_date,
        sum(case when nth_day = {{ idiv('window_working_days + 1', 2) }} then accepted_count else 0 end)
        + sum(case when nth_day = {{ idiv('window_working_days', 2) }} + 1 then accepted_count else 0 end)
            as median_doubled,
        sum(case when nth_day = band_rank then accepted_count else 0 end) as slow_count,
        sum(case when nth_day = window_working_days + 1 - band_rank then accepted_count else 0 end)
            as fast_count
    from ranked
    group by district_id, population_type_code, counted_date
    -- Not before there are enough days.
    having count(*) = max(window_working_days)
),

projected as (
    select
        reached.*,
        pace.median_doubled,
        case
            when reached.left_count = 0 then 'done'
            when pace.median_doubled is null then 'too_early'
            when pace.median_doubled = 0 then 'stalled'
            else 'projected'
        end as projection_code,
        reached.working_day_number
        + {{ whole_quotient_up('2 * reached.left_count', 'pace.median_doubled') }} as middle_number,
        reached.working_day_number
        + {{ whole_quotient_up('reached.left_count', 'pace.fast_count') }} as early_number,
        reached.working_day_number
        + {{ whole_quotient_up('reached.left_count', 'pace.slow_count') }} as late_number
    from reached
    left join pace
        on reached.district_id = pace.district_id
        and reached.population_type_code = pace.population_type_code
        and reached.counted_date = pace.counted_date
),

working_day as (
    select
        working_day_number,
        date_pk
    from {{ ref('dim_date') }}
    where is_working_day
)

select
    cast(projected.district_id as {{ t_string() }}) as district_id,
    cast(
        case when projected.district_id = 'all' then '全部片区 All districts' else district.district_name end
        as {{ t_string() }}
    ) as district_name,
    cast(projected.population_type_code as {{ t_string() }}) as population_type_code,
    cast(projected.counted_date as date) as counted_date,
    cast(projected.unit_count as bigint) as unit_count,
    cast(projected.issued_count as bigint) as issued_count,
    cast(projected.returned_count as bigint) as returned_count,
    cast(projected.accepted_count as bigint) as accepted_count,
    -- Null where no unit was listed yet.
    cast({{ share_of('projected.accepted_count', 'projected.unit_count') }} as decimal(12, 8))
        as coverage_rate,
    cast({{ from_units('projected.median_doubled * 5', 1) }} as decimal(18, 1)) as median_accepted_count,
    cast(projected.projection_code as {{ t_string() }}) as projection_code,
    cast(case when projected.projection_code = 'projected' then middle.date_pk end as date) as projected_finish_date,
    cast(case when projected.projection_code = 'projected' then early.date_pk end as date) as earliest_finish_date,
    cast(case when projected.projection_code = 'projected' then late.date_pk end as date) as latest_finish_date
from projected
left join {{ ref('dim_district') }} as district on projected.district_fk = district.district_pk
-- Later than the calendar is never: null, as where nothing comes in.
left join working_day as middle on projected.middle_number = middle.working_day_number
left join working_day as early on projected.early_number = early.working_day_number
left join working_day as late on projected.late_number = late.working_day_number
