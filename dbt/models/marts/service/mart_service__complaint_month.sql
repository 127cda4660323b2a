-- One row per month of receipt, unit complained of and kind of complaint: how many, how soon replied to
-- and closed, and how well.
with complaint as (
    select
        complaint.*,
        unit.organisation_id,
        {{ month_first('complaint.received_date') }} as month_date
    from {{ ref('fct_complaint') }} as complaint
    inner join {{ ref('dim_organisation') }} as unit on complaint.organisation_fk = unit.organisation_pk
    where complaint.received_date <= {{ business_date() }}
),

organisation as (
    {{ carried_versions(
        ref('dim_organisation'), 'organisation', 'organisation_id', ['organisation_name']
    ) }}
),

summed as (
    select
        organisation_id,
        complaint_type_code,
        month_date,
        sum(complaint_count) as complaint_count,
        {%- for judged in ['replied_on_time', 'closed_on_time', 'effective'] %}
        sum(case when is_{{ judged }} is not null then 1 else 0 end) as {{ judged }}_judged_count,
        sum(case when is_{{ judged }} then 1 else 0 end) as {{ judged }}_count,
        {%- endfor %}
        sum(case when reopened_count > 0 then 1 else 0 end) as reopened_count,
        sum(case when status_code <> 'closed' then 1 else 0 end) as open_count,
        sum(
            case when first_closed_date is null and close_due_date < {{ business_date() }} then 1 else 0 end
        ) as past_due_count,
        sum(closing_days) as closing_days,
        sum(case when closing_days is not null then 1 else 0 end) as closed_count
    from complaint
    group by organisation_id, complaint_type_code, month_date
)

select
    cast(coalesce(organisation.organisation_pk, {{ var('unassigned_pk') }}) as bigint) as organisation_fk,
    cast(summed.organisation_id as {{ t_string() }}) as organisation_id,
    cast(coalesce(organisation.organisation_name, 'Unassigned') as {{ t_string() }}) as organisation_name,
    cast(summed.complaint_type_code as {{ t_string() }}) as complaint_type_code,
    cast(summed.complaint_count as bigint) as complaint_count,
    cast(summed.replied_on_time_judged_count as bigint) as reply_judged_count,
    cast(summed.replied_on_time_count as bigint) as replied_on_time_count,
    -- Each rate is null where no case can be judged yet.
    cast(
        {{ share_of('summed.replied_on_time_count', 'summed.replied_on_time_judged_count') }}
        as decimal(12, 8)
    ) as replied_on_time_rate,
    cast(summed.closed_on_time_judged_count as bigint) as close_judged_count,
    cast(summed.closed_on_time_count as bigint) as closed_on_time_count,
    cast(
        {{ share_of('summed.closed_on_time_count', 'summed.closed_on_time_judged_count') }}
        as decimal(12, 8)
    ) as closed_on_time_rate,
    cast(summed.effective_judged_count as bigint) as effective_judged_count,
    cast(summed.effective_count as bigint) as effective_count,
    cast({{ share_of('summed.effective_count', 'summed.effective_judged_count') }} as decimal(12, 8))
        as effective_rate,
    cast(summed.reopened_count as bigint) as reopened_count,
    cast(summed.open_count as bigint) as open_count,
    cast(summed.past_due_count as bigint) as past_due_count,
    cast(
        case
            when summed.closed_count > 0
                then {{ from_units(div_units('summed.closing_days', 'summed.closed_count', 2), 2) }}
        end as decimal(12, 2)
    ) as average_closing_days,
    cast(summed.month_date as date) as month_date
from summed
left join organisation
    on summed.organisation_id = organisation.organisation_id
    and {{ as_at('organisation', month_reached('summed.month_date')) }}
