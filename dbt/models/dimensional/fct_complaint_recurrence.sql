-- One row per remedy against a cause of complaints: cases of the cause before it and after it.
with remedy as (
    {{ pick_latest_small(
        ref('stg_service__remedy'),
        key=['remedy_id'],
        columns=['remedy_id', 'complaint_type_code', 'organisation_id', 'started_date', 'remedy_text'],
        where='started_date <= ' ~ business_date(),
    ) }}
),

history as (
    select min(received_date) as first_received_date from {{ ref('fct_complaint') }}
),

bounded as (
    select
        remedy.*,
        rule.window_days,
        rule.customer_count as per_customer_count,
        rule.deviation_count,
        {{ add_days('remedy.started_date', '-rule.window_days') }} as before_date,
        {{ add_days('remedy.started_date', 'rule.window_days') }} as after_date,
        -- Where the window reaches beyond the business date, or to before the first complaint that the bank
        -- delivered, fewer days are counted, on both sides.
        greatest(0, least(
            rule.window_days,
            {{ days_between('remedy.started_date', business_date()) }} + 1,
            coalesce({{ days_between('history.first_received_date', 'remedy.started_date') }}, 0)
        )) as counted_days
    from remedy
    cross join history
    inner join {{ ref('recurrence_rule') }} as rule
        on rule.rule_code = 'complaint' and {{ as_at('rule', 'remedy.started_date') }}
),

organisation as (
    {{ carried_versions(ref('dim_organisation'), 'organisation', 'organisation_id') }}
),

complaint as (
    select
        complaint.complaint_type_code,
        complaint.received_date,
        unit.organisation_id
    from {{ ref('fct_complaint') }} as complaint
    inner join {{ ref('dim_organisation') }} as unit on complaint.organisation_fk = unit.organisation_pk
),

counted as (
    select
        bounded.remedy_id,
        sum(
            case
                when complaint.received_date < bounded.started_date
                    and complaint.received_date
                    >= {{ add_days('bounded.started_date', '-bounded.counted_days') }} then 1
                else 0
            end
        ) as before_count,
        sum(
            case
                when complaint.received_date >= bounded.started_date
                    and complaint.received_date < {{ add_days('bounded.started_date', 'bounded.counted_days') }}
                    then 1
                else 0
            end
        ) as after_count
    from bounded
    inner join complaint
        on bounded.complaint_type_code = complaint.complaint_type_code
        and (bounded.organisation_id is null or bounded.organisation_id = complaint.organisation_id)
    group by bounded.remedy_id
),

-- Customers of the unit, or of the bank, on the day before the remedy: those who could complain.
served as (
    select
        bounded.remedy_id,
        count(distinct customer.customer_key) as customer_count
    from bounded
    inner join {{ ref('dim_customer') }} as customer on {{ as_at('customer', 'bounded.started_date') }}
    inner join {{ ref('dim_organisation') }} as unit on customer.organisation_fk = unit.organisation_pk
    where
        customer.status_code <> 'closed'
        and (bounded.organisation_id is null or bounded.organisation_id = unit.organisation_id)
    group by bounded.remedy_id
),

measured as (
    select
        bounded.*,
        coalesce(counted.before_count, 0) as before_count,
        coalesce(counted.after_count, 0) as after_count,
        coalesce(served.customer_count, 0) as customer_count
    from bounded
    left join counted on bounded.remedy_id = counted.remedy_id
    left join served on bounded.remedy_id = served.remedy_id
),

-- The ratio of two counts of rare events is known up to a factor: e to so many times the root of the sum
-- of their inverses. Without a case on one side there is no such factor.
compared as (
    select
        measured.*,
        case
            when before_count > 0 and after_count > 0
                then exp(cast(deviation_count as double) * sqrt(1.0e0 / before_count + 1.0e0 / after_count))
        end as ratio_factor,
        case when before_count > 0 then cast(after_count as double) / cast(before_count as double) end
            as recurrence_ratio
    from measured
)

select
    cast(compared.remedy_id as {{ t_string() }}) as remedy_id,
    cast(compared.complaint_type_code as {{ t_string() }}) as complaint_type_code,
    cast(coalesce(organisation.organisation_pk, {{ var('unassigned_pk') }}) as bigint) as organisation_fk,
    cast(compared.organisation_id is null as boolean) as is_whole_bank,
    cast(compared.remedy_text as {{ t_string() }}) as remedy_text,
    cast(compared.started_date as date) as started_date,
    cast(compared.counted_days as int) as counted_days,
    cast(compared.counted_days = compared.window_days as boolean) as is_window_whole,
    cast(compared.customer_count as bigint) as customer_count,
    cast(compared.before_count as bigint) as before_count,
    cast(compared.after_count as bigint) as after_count,
    -- Null where nobody could complain.
    cast(
        {{ share_of('compared.before_count * compared.per_customer_count', 'compared.customer_count') }}
        as decimal(18, 8)
    ) as before_rate,
    cast(
        {{ share_of('compared.after_count * compared.per_customer_count', 'compared.customer_count') }}
        as decimal(18, 8)
    ) as after_rate,
    cast(compared.recurrence_ratio as double) as recurrence_ratio,
    cast(compared.recurrence_ratio / compared.ratio_factor as double) as low_ratio,
    cast(compared.recurrence_ratio * compared.ratio_factor as double) as high_ratio,
    cast(
        case
            when compared.customer_count = 0 then 'nobody_served'
            when compared.ratio_factor is null then 'too_few_cases'
            when compared.recurrence_ratio * compared.ratio_factor < 1 then 'fallen'
            when compared.recurrence_ratio / compared.ratio_factor > 1 then 'risen'
            else 'cannot_be_told'
        end as {{ t_string() }}
    ) as verdict_code
from compared
left join organisation
    on compared.organisation_id = organisation.organisation_id
    and {{ as_at('organisation', 'compared.started_date') }}
