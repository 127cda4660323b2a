-- One row per customer and stretch of days on which the customer file has one level for him.
with version as (
    select
        customer_key,
        level_code,
        valid_from_date,
        valid_to_date,
        lag(level_code) over (partition by customer_key order by valid_from_date) as earlier_level_code,
        lag(valid_to_date) over (partition by customer_key order by valid_from_date) as earlier_to_date
    from {{ ref('int_customer__track_version') }}
),

started as (
    select
        version.*,
        sum(
            case
                when earlier_level_code = level_code and earlier_to_date = valid_from_date then 0
                else 1
            end
        ) over (
            partition by customer_key order by valid_from_date
            rows between unbounded preceding and current row
        ) as stretch_number
    from version
    where level_code is not null
),

stretch as (
    select
        customer_key,
        stretch_number,
        min(level_code) as level_code,
        min(valid_from_date) as valid_from_date,
        max(valid_to_date) as valid_to_date
    from started
    group by customer_key, stretch_number
),

followed as (
    select
        customer_key,
        level_code,
        lag(level_code) over (partition by customer_key order by valid_from_date) as earlier_level_code,
        lag(valid_from_date) over (partition by customer_key order by valid_from_date) as earlier_from_date,
        valid_from_date,
        valid_to_date
    from stretch
)

select
    customer_key,
    level_code,
    earlier_level_code,
    earlier_from_date,
    case
        when earlier_level_code is null then 'first'
        when level_code < earlier_level_code then 'up'
        when level_code > earlier_level_code then 'down'
        else 'back'
    end as change_code,
    valid_from_date,
    valid_to_date
from followed
