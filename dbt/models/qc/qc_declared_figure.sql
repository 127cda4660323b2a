-- One row per borrower, period declared and doubt about what was written down.
{%- set reasons = {
    'period_reversed': 'is_reversed',
    'no_such_period': 'not is_reversed and not is_quarter and not is_year',
    'overlapping': 'is_overlapping',
    'unknown_customer': 'customer_pk is null',
    'unknown_employee': 'employee_id is not null and known_employee_id is null',
    'unknown_industry': 'declared_industry_code is not null and section_code is null',
    'empty': 'turnover_amount is null and output_amount is null and gross_margin_rate is null',
    'percent_as_share': 'gross_margin_rate <> 0 and abs(gross_margin_rate) < threshold_value',
} %}
with declaration as (
    select
        read.*,
        read.period_end_date < read.period_start_date as is_reversed,
        read.period_start_date = {{ month_first('read.period_start_date') }}
        and month(read.period_start_date) in (1, 4, 7, 10)
        and {{ add_days('read.period_end_date', 1) }} = {{ add_months_to('read.period_start_date', 3) }} as is_quarter,
        read.period_start_date = {{ month_first('read.period_start_date') }}
        and month(read.period_start_date) = 1
        and {{ add_days('read.period_end_date', 1) }} = {{ add_months_to('read.period_start_date', 12) }} as is_year
    from {{ ref('int_truth__read_declaration') }} as read
),

-- A quarter lies within its year and is no doubt; two that share days, neither within the other, are.
overlapping as (
    select distinct
        one.customer_key,
        one.period_start_date,
        one.period_end_date
    from declaration as one
    inner join declaration as other
        on one.customer_key = other.customer_key
        and one.period_start_date <= other.period_end_date
        and one.period_end_date >= other.period_start_date
    where
        not one.is_reversed
        and not other.is_reversed
        and (
            one.period_start_date < other.period_start_date and one.period_end_date < other.period_end_date
            or one.period_start_date > other.period_start_date and one.period_end_date > other.period_end_date
        )
),

person as (
    select distinct employee_id
    from {{ ref('dim_employee') }}
),

judged as (
    select
        declaration.*,
        overlapping.customer_key is not null as is_overlapping,
        person.employee_id as known_employee_id,
        section.section_code,
        threshold.threshold_value
    from declaration
    left join overlapping
        on declaration.customer_key = overlapping.customer_key
        and declaration.period_start_date = overlapping.period_start_date
        and declaration.period_end_date = overlapping.period_end_date
    left join person on declaration.employee_id = person.employee_id
    left join {{ ref('industry_section') }} as section
        on substr(declaration.industry_digits, 1, 2) >= section.first_division_code
        and substr(declaration.industry_digits, 1, 2) <= section.last_division_code
        and substr(declaration.industry_code, 1, 1) in (section.section_code, substr(declaration.industry_digits, 1, 1))
    left join {{ ref('review_threshold') }} as threshold
        on threshold.review_code = 'margin_as_share' and {{ as_at('threshold', 'declaration.declared_date') }}
),

doubt as (
    {%- for reason, condition in reasons.items() %}
    select
        '{{ reason }}' as reason_code,
        judged.*
    from judged
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    cast(customer_key as bigint) as customer_key,
    cast(coalesce(customer_pk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(period_start_date as date) as period_start_date,
    cast(period_end_date as date) as period_end_date,
    cast(reason_code as {{ t_string() }}) as reason_code,
    cast(declared_date as date) as declared_date,
    cast(employee_id as {{ t_string() }}) as employee_id,
    cast(declared_industry_code as {{ t_string() }}) as industry_code,
    cast(turnover_amount as decimal(18, 2)) as turnover_amount,
    cast(output_amount as decimal(18, 2)) as output_amount,
    cast(gross_margin_rate as decimal(18, 4)) as gross_margin_rate
from doubt
