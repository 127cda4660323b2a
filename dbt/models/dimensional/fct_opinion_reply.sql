-- One row per call-back in which the customer gave an opinion: by when he was to be answered, and who answered.
with opinion as (
    select
        callback.leader_fk,
        callback.customer_fk,
        customer.customer_key,
        callback.called_date,
        rule.answered_within_days,
        day.working_day_number + rule.reply_within_working_days as due_number
    from {{ ref('fct_callback') }} as callback
    inner join {{ ref('dim_customer') }} as customer on callback.customer_fk = customer.customer_pk
    inner join {{ ref('dim_date') }} as day on callback.called_date = day.date_pk
    inner join {{ ref('opinion_rule') }} as rule
        on rule.source_code = 'callback' and {{ as_at('rule', 'callback.called_date') }}
    where callback.has_opinion and callback.customer_fk <> {{ var('unassigned_pk') }}
),

working_day as (
    select
        working_day_number,
        date_pk
    from {{ ref('dim_date') }}
    where is_working_day
),

-- Any contact that reached him, by whomever, on a later day: the plan says by phone or by a visit.
answered as (
    select
        opinion.leader_fk,
        opinion.customer_key,
        opinion.called_date,
        visit.visited_date,
        visit.visit_way_code,
        visit.employee_fk,
        row_number() over (
            partition by opinion.leader_fk, opinion.customer_key, opinion.called_date
            order by visit.visited_date, visit.visited_time nulls last, visit.employee_fk, visit.customer_fk
        ) as answer_rank
    from opinion
    inner join {{ ref('dim_customer') }} as customer on opinion.customer_key = customer.customer_key
    inner join {{ ref('fct_visit') }} as visit
        on customer.customer_pk = visit.customer_fk
        and opinion.called_date < visit.visited_date
        and {{ days_between('opinion.called_date', 'visit.visited_date') }} <= opinion.answered_within_days
    where visit.outcome_code <> 'absent' and visit.denied_date is null
)

select
    cast(opinion.leader_fk as bigint) as leader_fk,
    cast(opinion.customer_fk as bigint) as customer_fk,
    cast(opinion.customer_key as bigint) as customer_key,
    cast(opinion.called_date as date) as called_date,
    cast(working_day.date_pk as date) as due_date,
    cast(answered.visited_date as date) as replied_date,
    cast(answered.visit_way_code as {{ t_string() }}) as reply_way_code,
    cast(coalesce(answered.employee_fk, {{ var('unassigned_pk') }}) as bigint) as employee_fk,
    cast({{ days_between('opinion.called_date', 'answered.visited_date') }} as int) as reply_days,
    -- Null while the last day is still to come and nobody answered yet.
    cast(
        case
            when answered.visited_date is not null then answered.visited_date <= working_day.date_pk
            when working_day.date_pk < {{ business_date() }} then false
        end as boolean
    ) as is_on_time,
    cast(1 as int) as opinion_count,
    cast({{ month_first('opinion.called_date') }} as date) as month_date
from opinion
inner join working_day on opinion.due_number = working_day.working_day_number
left join answered
    on opinion.leader_fk = answered.leader_fk
    and opinion.customer_key = answered.customer_key
    and opinion.called_date = answered.called_date
    and answered.answer_rank = 1
