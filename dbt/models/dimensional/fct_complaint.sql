-- One row per complaint, as last delivered; one that its source deleted is closed on that day.
with latest as (
    {{ pick_latest_small(
        ref('stg_service__complaint'),
        key=['complaint_id'],
        columns=[
            'complaint_id', 'customer_id', 'organisation_id', 'received_date', 'channel_code',
            'complaint_type_code', 'status_code', 'closed_date', 'satisfaction_score',
            'change_code', 'business_date',
        ],
    ) }}
),

complaint as (
    select
        complaint_id,
        customer_id,
        organisation_id,
        received_date,
        channel_code,
        complaint_type_code,
        satisfaction_score,
        case when change_code = 'delete' then 'closed' else status_code end as status_code,
        case when change_code = 'delete' then coalesce(closed_date, business_date) else closed_date end
            as closed_date
    from latest
),

-- When the bank's night first knew of it.
first_delivery as (
    select
        complaint_id,
        min(business_date) as delivered_date
    from {{ ref('stg_service__complaint') }}
    group by complaint_id
),

customer as (
    {{ carried_versions(ref('dim_customer'), 'customer', 'customer_key') }}
),

organisation as (
    {{ carried_versions(ref('dim_organisation'), 'organisation', 'organisation_id') }}
),

-- The days run from the receipt to the first closing. Who was given longer before they were over has
-- the longer term.
timed as (
    select
        complaint.*,
        clock.complexity_code,
        clock.satisfied_score,
        coalesce(step.first_closed_date, complaint.closed_date) as first_closed_date,
        coalesce(step.replied_date, step.first_closed_date, complaint.closed_date) as replied_date,
        coalesce(step.reopened_count, 0) as reopened_count,
        {{ add_days('complaint.received_date', 'clock.reply_within_days') }} as reply_due_date,
        {{ add_days(
            'complaint.received_date',
            'case when step.extended_date <= ' ~ add_days('complaint.received_date', 'clock.close_within_days')
            ~ ' then clock.extended_within_days else clock.close_within_days end',
        ) }} as close_due_date
    from complaint
    left join {{ ref('int_complaint__time_steps') }} as step on complaint.complaint_id = step.complaint_id
    left join {{ ref('complaint_clock') }} as clock
        on complaint.complaint_type_code = clock.complaint_type_code
        and {{ as_at('clock', 'complaint.received_date') }}
)

select
    cast(complaint.complaint_id as {{ t_string() }}) as complaint_id,
    cast(coalesce(customer.customer_pk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(coalesce(customer.customer_key, {{ var('unassigned_pk') }}) as bigint) as customer_key,
    cast(coalesce(organisation.organisation_pk, {{ var('unassigned_pk') }}) as bigint)
        as organisation_fk,
    cast(coalesce(channel.channel_pk, {{ var('unassigned_pk') }}) as bigint) as channel_fk,
    cast(complaint.complaint_type_code as {{ t_string() }}) as complaint_type_code,
    cast(complaint.status_code as {{ t_string() }}) as status_code,
    cast(complaint.received_date as date) as received_date,
    cast(first_delivery.delivered_date as date) as delivered_date,
    cast(complaint.closed_date as date) as closed_date,
    cast({{ days_between('complaint.received_date', 'complaint.closed_date') }} as int)
        as closing_days,
    cast(complaint.satisfaction_score as int) as satisfaction_score,
    cast(complaint.complexity_code as {{ t_string() }}) as complexity_code,
    cast(complaint.reply_due_date as date) as reply_due_date,
    cast(complaint.replied_date as date) as replied_date,
    cast({{ kept_by('complaint.replied_date', 'complaint.reply_due_date') }} as boolean) as is_replied_on_time,
    cast(complaint.close_due_date as date) as close_due_date,
    cast(complaint.first_closed_date as date) as first_closed_date,
    cast({{ kept_by('complaint.first_closed_date', 'complaint.close_due_date') }} as boolean)
        as is_closed_on_time,
    cast(complaint.reopened_count as int) as reopened_count,
    -- Closed once and for all, and to the satisfaction of those who were asked.
    cast(
        case
            when complaint.first_closed_date is not null
                then
                    complaint.reopened_count = 0
                    and coalesce(complaint.satisfaction_score, complaint.satisfied_score)
                    >= complaint.satisfied_score
        end as boolean
    ) as is_effective,
    cast(1 as int) as complaint_count
from timed as complaint
inner join first_delivery on complaint.complaint_id = first_delivery.complaint_id
left join {{ ref('int_customer__assign_key') }} as assigned
    on complaint.customer_id = assigned.customer_id
left join customer
    on assigned.customer_key = customer.customer_key
    and {{ as_at('customer', 'complaint.received_date') }}
left join organisation
    on complaint.organisation_id = organisation.organisation_id
    and {{ as_at('organisation', 'complaint.received_date') }}
left join {{ ref('dim_channel') }} as channel on complaint.channel_code = channel.channel_code
