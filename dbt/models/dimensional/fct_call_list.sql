-- One row per duty day ahead and visit that the leader on duty is to ask about.
with rule as (
    select
        drawn_from_days,
        listed_ahead_days
    from {{ ref('call_sample_rule') }}
    where {{ business_date() }} >= valid_from_date and {{ business_date() }} < valid_to_date
),

-- Numbers from and to of each day's part of the draw.
duty_day as (
    select
        sized.duty_date,
        sized.leader_id,
        sized.sample_count,
        sum(sized.sample_count) over (order by sized.duty_date) as to_number
    from {{ ref('int_duty__size_call_list') }} as sized
    cross join rule
    where
        sized.duty_date > {{ business_date() }}
        and sized.duty_date <= {{ add_days(business_date(), 'rule.listed_ahead_days') }}
),

asked as (
    select distinct customer.customer_key
    from {{ ref('fct_callback') }} as callback
    inner join {{ ref('dim_customer') }} as customer on callback.customer_fk = customer.customer_pk
    cross join rule
    where callback.called_date > {{ add_days(business_date(), '-rule.drawn_from_days') }}
),

-- Drawn by a hash of the pseudonym and the night: nobody can know beforehand whom it meets.
candidate as (
    select
        visit.customer_fk,
        customer.customer_key,
        visit.employee_fk,
        visit.team_fk,
        visit.visited_date,
        {{ surrogate_key(['customer.customer_key', 'visit.employee_fk', 'visit.visited_date', business_date()]) }}
            as draw_number
    from {{ ref('fct_visit') }} as visit
    inner join {{ ref('dim_customer') }} as customer on visit.customer_fk = customer.customer_pk
    cross join rule
    left join asked on customer.customer_key = asked.customer_key
    where
        visit.visited_date > {{ add_days(business_date(), '-rule.drawn_from_days') }}
        and visit.visited_date <= {{ business_date() }}
        -- Of what was denied or decided on, nobody need be asked again.
        and visit.is_standing
        and visit.verdict_code is null
        and visit.customer_fk <> {{ var('unassigned_pk') }}
        and visit.employee_fk <> {{ var('unassigned_pk') }}
        and asked.customer_key is null
),

of_customer as (
    select
        candidate.*,
        row_number() over (
            partition by candidate.customer_key order by candidate.draw_number, candidate.employee_fk
        ) as customer_rank
    from candidate
),

drawn as (
    select
        of_customer.*,
        row_number() over (order by of_customer.draw_number, of_customer.customer_key) as list_number
    from of_customer
    where of_customer.customer_rank = 1
),

employee as (
    {{ carried_versions(ref('dim_employee'), 'employee', 'employee_id') }}
)

select
    cast(coalesce(leader.employee_pk, {{ var('unassigned_pk') }}) as bigint) as leader_fk,
    cast(duty_day.leader_id as {{ t_string() }}) as leader_id,
    cast(duty_day.duty_date as date) as duty_date,
    cast(drawn.list_number - duty_day.to_number + duty_day.sample_count as int) as list_number,
    cast(day.supervision_mode_code as {{ t_string() }}) as mode_code,
    cast(drawn.customer_fk as bigint) as customer_fk,
    cast(drawn.customer_key as bigint) as customer_key,
    cast(drawn.employee_fk as bigint) as visited_employee_fk,
    cast(drawn.team_fk as bigint) as team_fk,
    cast(drawn.visited_date as date) as visited_date
from duty_day
inner join drawn
    on duty_day.to_number - duty_day.sample_count < drawn.list_number
    and duty_day.to_number >= drawn.list_number
inner join {{ ref('dim_date') }} as day on duty_day.duty_date = day.date_pk
left join employee as leader
    on duty_day.leader_id = leader.employee_id and {{ as_at('leader', 'duty_day.duty_date') }}
