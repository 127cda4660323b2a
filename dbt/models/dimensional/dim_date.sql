-- One row per day from 1990 to 2035, with China's working calendar.
{% set first_day = date_literal(var('calendar_first_date')) %}
{% set last_day = date_literal(var('calendar_last_date')) %}
with day as (
    select
        date_day,
        {{ iso_day_of_week('date_day') }} as day_of_week,
        {{ month_first('date_day') }} as month_date
    from {{ date_spine(first_day, last_day) }} as spine
),

known_year as (
    select distinct year(calendar_date) as year_number
    from {{ ref('chinese_holiday') }}
),

-- The ISO week belongs to the year its Thursday lies in.
week as (
    select
        date_day,
        day_of_week,
        month_date,
        {{ add_days('date_day', '1 - day_of_week') }} as week_start_date,
        {{ add_days('date_day', '4 - day_of_week') }} as thursday_date
    from day
),

numbered as (
    select
        date_day,
        day_of_week,
        month_date,
        week_start_date,
        year(thursday_date) as iso_year,
        {{ idiv('dayofyear(thursday_date) - 1', 7) }} + 1 as iso_week
    from week
),

marked as (
    select
        numbered.date_day,
        numbered.day_of_week,
        numbered.month_date,
        numbered.week_start_date,
        numbered.iso_year,
        numbered.iso_week,
        case when mod(numbered.iso_week, 2) = 1 then 'odd' else 'even' end as week_parity_code,
        holiday.holiday_name_zh,
        holiday.holiday_name_en,
        coalesce(holiday.day_kind_code = 'holiday', false) as is_holiday,
        coalesce(holiday.day_kind_code = 'make_up', false) as is_make_up_day,
        known_year.year_number is not null as is_holiday_list_known
    from numbered
    left join {{ ref('chinese_holiday') }} as holiday
        on numbered.date_day = holiday.calendar_date
    left join known_year
        on year(numbered.date_day) = known_year.year_number
),

working as (
    select
        marked.*,
        is_make_up_day or (day_of_week <= 5 and not is_holiday) as is_working_day
    from marked
)

select
    cast(working.date_day as date) as date_pk,
    cast(working.iso_week as integer) as iso_week,
    cast(working.iso_year as integer) as iso_year,
    cast(working.week_start_date as date) as week_start_date,
    cast(working.month_date as date) as month_date,
    cast(
        concat_ws(
            'Q',
            {{ as_text('year(working.date_day)') }},
            {{ as_text(idiv('month(working.date_day) + 2', 3)) }}
        ) as {{ t_string() }}
    ) as quarter_code,
    cast(year(working.date_day) as integer) as year_number,
    cast(working.day_of_week as integer) as day_of_week,
    cast(
        case
            when day(working.date_day) <= 10 then 1 when day(working.date_day) <= 20 then 2 else 3
        end as integer
    ) as ten_day_part,
    cast(working.is_working_day as boolean) as is_working_day,
    cast(
        sum(case when working.is_working_day then 1 else 0 end) over (
            order by working.date_day
            rows between unbounded preceding and current row
        ) as integer
    ) as working_day_number,
    cast(working.is_holiday as boolean) as is_holiday,
    cast(working.holiday_name_zh as {{ t_string() }}) as holiday_name,
    cast(working.holiday_name_en as {{ t_string() }}) as holiday_name_en,
    cast(working.is_make_up_day as boolean) as is_make_up_day,
    cast(working.is_holiday_list_known as boolean) as is_holiday_list_known,
    cast(mode.mode_code as {{ t_string() }}) as supervision_mode_code,
    cast(working.date_day = {{ month_last('working.date_day') }} as boolean) as is_month_end
from working
left join {{ ref('supervision_mode') }} as mode
    on working.week_parity_code = mode.week_parity_code
    and {{ as_at('mode', 'working.date_day') }}
