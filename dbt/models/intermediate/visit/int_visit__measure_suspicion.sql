-- One row per contact attempt of a known employee with a known customer: what makes it look made up, as
-- one value per indicator; null where an indicator cannot be measured.
with confirmation as (
    select distinct
        callback.customer_id,
        callback.visited_employee_id as employee_id,
        callback.visited_date
    from {{ ref('stg_fieldwork__callback') }} as callback
    -- For as long as a denial would count: months further back are not rebuilt.
    inner join {{ ref('visit_denial') }} as rule
        on rule.result_code = 'denied'
        and {{ as_at('rule', 'callback.visited_date') }}
        and {{ days_between('callback.visited_date', 'callback.called_date') }}
        <= rule.counted_within_days
    where callback.result_code = 'confirmed' and callback.called_date <= {{ business_date() }}
),

month_end as (
    select
        month_date,
        max(working_day_number) as working_day_number
    from {{ ref('dim_date') }}
    group by month_date
),

claimed as (
    select
        judged.*,
        {{ surrogate_key(['judged.employee_id', 'judged.customer_key', 'judged.visited_date', 'judged.visited_time']) }}
            as visit_pk,
        visited_day.month_date,
        month_end.working_day_number - visited_day.working_day_number as left_days,
        cast(substr(judged.visited_time, 1, 2) as integer) * 60
        + cast(substr(judged.visited_time, 4, 2) as integer) as start_minute,
        confirmation.visited_date is not null as is_confirmed
    from {{ ref('int_visit__judge') }} as judged
    inner join {{ ref('dim_date') }} as visited_day on judged.visited_date = visited_day.date_pk
    inner join month_end on visited_day.month_date = month_end.month_date
    left join confirmation
        on judged.customer_id = confirmation.customer_id
        and judged.employee_id = confirmation.employee_id
        and judged.visited_date = confirmation.visited_date
    where judged.customer_key <> {{ var('unassigned_pk') }} and judged.visited_date <= {{ business_date() }}
),

-- What one employee entered in a month is laid side by side, and the walk of each of his days.
compared as (
    select
        claimed.*,
        count(*) over (partition by employee_id, month_date) as entry_count,
        count(*) over (partition by employee_id, month_date, need_text) - 1 as same_answer_count,
        count(*) over (
            partition by employee_id, month_date, need_text, outcome_code, next_step_code
        ) - 1 as same_step_count,
        max(case when visit_way_code <> 'phone' then start_minute + coalesce(duration_minutes, 0) end) over (
            partition by employee_id, visited_date
            order by start_minute nulls last, customer_id
            rows between unbounded preceding and 1 preceding
        ) as earlier_end_minute
    from claimed
)

select
    visit_pk,
    visited_date,
    1 as prior_value,
    case when denied_date is not null then 1 when is_confirmed then -1 else 0 end as denied_callback_value,
    start_minute as start_time_value,
    case when start_minute is not null then case when mod(start_minute, 30) = 0 then 1 else 0 end end
        as round_time_value,
    case when duration_minutes is not null then case when mod(duration_minutes, 5) = 0 then 1 else 0 end end
        as round_duration_value,
    case when visit_way_code = 'on_site' then duration_minutes end as short_on_site_value,
    length(trim(need_text)) as answer_length_value,
    case when need_text is not null then {{ idiv('100 * same_answer_count', 'entry_count') }} end
        as answer_copied_value,
    case when need_text is not null then same_step_count end as next_step_copied_value,
    case
        when visit_way_code <> 'phone' and earlier_end_minute > start_minute
            then earlier_end_minute - start_minute
    end as impossible_sequence_value,
    left_days as month_end_bunching_value,
    entry_working_days as late_entry_value
from compared
