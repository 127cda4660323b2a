-- One row per manager who kept an old ledger: handed over, kept, removed, disputed, audit passed.
with entry as (
    select
        coalesce(former.employee_id, '') as employee_id,
        removal.ledger_row_id,
        removal.is_handed_over,
        removal.handed_over_date,
        removal.verdict_code
    from {{ ref('fct_merchant_removal') }} as removal
    left join {{ ref('dim_employee') }} as former
        on removal.former_manager_fk = former.employee_pk
        and former.employee_pk <> {{ var('unassigned_pk') }}
),

audited as (
    select
        entry.employee_id,
        count(*) as finding_count,
        sum(case when finding.is_passed then 1 else 0 end) as passed_count
    from {{ ref('fct_audit_finding') }} as finding
    inner join entry on finding.ledger_row_id = entry.ledger_row_id
    group by entry.employee_id
),

counted as (
    select
        employee_id,
        count(*) as entry_count,
        sum(case when is_handed_over then 1 else 0 end) as handed_over_count,
        sum(case when verdict_code = 'kept' then 1 else 0 end) as kept_count,
        sum(case when verdict_code = 'removed' then 1 else 0 end) as removed_count,
        sum(case when verdict_code = 'disputed' then 1 else 0 end) as disputed_count,
        max(case when is_handed_over then handed_over_date end) as last_handed_over_date
    from entry
    group by employee_id
)

select
    cast(counted.employee_id as {{ t_string() }}) as employee_id,
    cast(manager.employee_name as {{ t_string() }}) as manager_name,
    cast(counted.entry_count as bigint) as entry_count,
    cast(counted.handed_over_count as bigint) as handed_over_count,
    cast({{ share_of('counted.handed_over_count', 'counted.entry_count') }} as decimal(12, 8))
        as handed_over_rate,
    cast(counted.last_handed_over_date as date) as last_handed_over_date,
    cast(counted.kept_count as bigint) as kept_count,
    cast(counted.removed_count as bigint) as removed_count,
    cast(counted.disputed_count as bigint) as disputed_count,
    cast(coalesce(audited.finding_count, 0) as bigint) as finding_count,
    cast(coalesce(audited.passed_count, 0) as bigint) as passed_count,
    cast({{ share_of('audited.passed_count', 'audited.finding_count') }} as decimal(12, 8)) as passed_rate
from counted
left join audited on counted.employee_id = audited.employee_id
left join {{ ref('dim_employee') }} as manager
    on counted.employee_id = manager.employee_id and manager.is_current
