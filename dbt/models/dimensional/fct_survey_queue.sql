-- One row per unit of the survey list: never surveyed, surveyed, in the ledger or maintained, and its queue.
with unit as (
    {{ pick_latest_small(
        ref('stg_survey__frame'),
        key=['unit_id'],
        columns=['unit_id', 'district_id', 'population_type_code', 'unit_name', 'customer_id', 'listed_date'],
        where=in_last_list(ref('stg_survey__frame')),
    ) }}
),

form as (
    {{ pick_latest_small(
        ref('stg_survey__form'),
        key=['form_id'],
        columns=['form_id', 'unit_id', 'returned_date', 'status_code'],
        where=in_last_list(ref('stg_survey__form')),
    ) }}
),

surveyed as (
    select
        unit_id,
        min(returned_date) as surveyed_date
    from form
    where status_code = 'returned' and returned_date <= {{ business_date() }}
    group by unit_id
),

-- Entries that left the re-sorted ledger are somebody else's now.
entered as (
    select
        entry.plain_name,
        entry.district_id,
        'merchant' as population_type_code,
        min(coalesce(entry.handed_over_date, entry.listed_date)) as entered_date
    from {{ ref('int_merchant__list_entry') }} as entry
    inner join {{ ref('int_merchant__judge_entry') }} as judged
        on entry.ledger_row_id = judged.ledger_row_id
    where judged.verdict_code <> 'removed'
    group by entry.plain_name, entry.district_id
),

customer as (
    {{ carried_versions(ref('dim_customer'), 'customer', 'customer_key', ['manager_fk']) }}
),

visited as (
    select
        customer.customer_key,
        max(visit.visited_date) as last_visited_date
    from {{ ref('fct_visit') }} as visit
    inner join customer on visit.customer_fk = customer.customer_pk
    where visit.is_valid
    group by customer.customer_key
),

district as (
    {{ carried_versions(ref('dim_district'), 'district', 'district_id') }}
),

placed as (
    select
        unit.unit_id,
        unit.population_type_code,
        unit.listed_date,
        district.district_pk,
        customer.customer_pk,
        surveyed.surveyed_date,
        visited.last_visited_date,
        -- Residents have no merchant ledger: a manager who looks after them has them in his.
        entered.plain_name is not null
        or coalesce(customer.manager_fk, {{ var('unassigned_pk') }}) <> {{ var('unassigned_pk') }}
            as is_in_ledger
    from unit
    left join {{ ref('int_merchant__shorten_name') }} as shortened
        on unit.unit_name = shortened.merchant_name
    left join entered
        on unit.population_type_code = entered.population_type_code
        and shortened.plain_name = entered.plain_name
        and unit.district_id = entered.district_id
    left join surveyed on unit.unit_id = surveyed.unit_id
    left join district
        on unit.district_id = district.district_id and {{ as_at('district', business_date()) }}
    left join {{ ref('int_customer__assign_key') }} as assigned
        on unit.customer_id = assigned.customer_id
    left join customer
        on assigned.customer_key = customer.customer_key and {{ as_at('customer', business_date()) }}
    left join visited on assigned.customer_key = visited.customer_key
),

stated as (
    select
        placed.*,
        case
            when last_visited_date is not null then 'maintained'
            when is_in_ledger then 'in_ledger'
            when surveyed_date is not null then 'surveyed'
            else 'never_surveyed'
        end as state_code
    from placed
)

select
    cast(stated.unit_id as {{ t_string() }}) as unit_id,
    cast(coalesce(stated.district_pk, {{ var('unassigned_pk') }}) as bigint) as district_fk,
    cast(coalesce(stated.customer_pk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(stated.population_type_code as {{ t_string() }}) as population_type_code,
    cast(stated.state_code as {{ t_string() }}) as state_code,
    cast(rule.queue_code as {{ t_string() }}) as queue_code,
    cast(rule.next_step_code as {{ t_string() }}) as next_step_code,
    cast(stated.listed_date as date) as listed_date,
    cast(stated.surveyed_date as date) as surveyed_date,
    cast(stated.last_visited_date as date) as last_visited_date,
    cast(1 as int) as unit_count
from stated
inner join {{ ref('survey_queue_rule') }} as rule
    on stated.state_code = rule.state_code and {{ as_at('rule', business_date()) }}
