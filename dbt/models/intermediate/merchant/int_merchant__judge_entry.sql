-- One row per entry of the old ledgers: kept, removed or disputed, with the reason and whose it is.
with entry as (
    select
        listed.*,
        least(coalesce(listed.handed_over_date, {{ business_date() }}), {{ business_date() }}) as judged_date
    from {{ ref('int_merchant__list_entry') }} as listed
),

judged_day as (
    select distinct judged_date
    from entry
),

ranked as (
    select
        match.*,
        min(match.match_rank) over (partition by match.ledger_row_id) as best_rank
    from {{ ref('int_merchant__find_match') }} as match
),

-- Several shops of one name do no harm where the same manager opened them all.
matched as (
    select
        ledger_row_id,
        min(customer_key) as customer_key,
        min(match_code) as match_code,
        min(match_rank) as match_rank,
        min(case when is_sufficient then 1 else 0 end) = 1 as is_sufficient,
        max(case when is_opened then 1 else 0 end) = 1 as is_opened,
        min(case when is_opened then opening_manager_id end) as opening_manager_id,
        count(*) as candidate_count,
        count(distinct case
            when is_opened then coalesce(opening_manager_id, '(nobody)') else '(not opened)'
        end) as outcome_count
    from ranked
    where match_rank = best_rank
    group by ledger_row_id
),

-- Who had the district on the day the ledger was handed over, or has it until then: the team of it, its
-- manager first. Who changes teams later moves no merchant.
responsible as (
    select
        judged_day.judged_date,
        member.employee_id,
        member.role_code,
        district.district_id
    from judged_day
    inner join {{ ref('bridge_team_member') }} as member on {{ as_at('member', 'judged_day.judged_date') }}
    inner join {{ ref('dim_team') }} as team
        on member.team_id = team.team_id and {{ as_at('team', 'judged_day.judged_date') }}
    inner join {{ ref('dim_district') }} as district on team.district_fk = district.district_pk
),

district_manager as (
    select
        judged_date,
        district_id,
        min(employee_id) as employee_id
    from responsible
    where role_code = 'manager'
    group by judged_date, district_id
),

own as (
    select distinct
        judged_date,
        district_id,
        employee_id
    from responsible
),

employed as (
    select
        judged_day.judged_date,
        employee.employee_id
    from judged_day
    inner join {{ ref('dim_employee') }} as employee on {{ as_at('employee', 'judged_day.judged_date') }}
    where employee.left_date is null or employee.left_date > judged_day.judged_date
),

reasoned as (
    select
        entry.ledger_row_id,
        entry.first_ledger_row_id,
        entry.manager_id,
        entry.district_id,
        entry.is_opened as is_opened_by_ledger,
        entry.listed_date,
        entry.handed_over_date,
        entry.judged_date,
        matched.customer_key,
        matched.match_code,
        matched.is_opened as is_opened_by_system,
        matched.opening_manager_id,
        district_manager.employee_id as district_manager_id,
        coalesce(matched.candidate_count, 0) as candidate_count,
        case
            when entry.first_ledger_row_id <> entry.ledger_row_id then 'repeated_entry'
            when matched.ledger_row_id is null then 'not_in_system'
            when matched.outcome_count > 1 then 'several_merchants'
            when not matched.is_opened then 'not_opened'
            when matched.opening_manager_id is null then 'opener_not_named'
            when own.employee_id is not null then 'opened_by_own_team'
            when employed.employee_id is null then 'opener_has_left'
            when not matched.is_sufficient then 'name_not_certain'
            else 'opened_by_other_manager'
        end as reason_code
    from entry
    left join matched on entry.ledger_row_id = matched.ledger_row_id
    left join district_manager
        on entry.district_id = district_manager.district_id
        and entry.judged_date = district_manager.judged_date
    left join own
        on entry.district_id = own.district_id
        and entry.judged_date = own.judged_date
        and matched.opening_manager_id = own.employee_id
    left join employed
        on matched.opening_manager_id = employed.employee_id and entry.judged_date = employed.judged_date
)

select
    reasoned.ledger_row_id,
    reasoned.first_ledger_row_id,
    reasoned.manager_id,
    reasoned.district_id,
    reasoned.is_opened_by_ledger,
    reasoned.listed_date,
    reasoned.handed_over_date,
    coalesce(reasoned.customer_key, {{ var('unassigned_pk') }}) as customer_key,
    reasoned.match_code,
    reasoned.is_opened_by_system,
    reasoned.opening_manager_id,
    reasoned.candidate_count,
    reasoned.reason_code,
    rule.verdict_code,
    -- Whoever opened the account of a merchant that leaves the ledger keeps him.
    case
        when rule.owner_code = 'opener' then reasoned.opening_manager_id
        when rule.owner_code = 'district_manager' then reasoned.district_manager_id
    end as owner_id
from reasoned
inner join {{ ref('merchant_removal_rule') }} as rule
    on reasoned.reason_code = rule.reason_code and {{ as_at('rule', 'reasoned.judged_date') }}
