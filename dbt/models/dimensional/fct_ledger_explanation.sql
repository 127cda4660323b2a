-- One row per unit, statement line, month and item that finance explains.
with latest as (
    {{ pick_latest_small(
        ref('stg_ledger__explanation'),
        key=['organisation_id', 'statement_line_code', 'month_end_date', 'item_number'],
        columns=[
            'organisation_id', 'statement_line_code', 'month_end_date', 'item_number',
            'explained_amount', 'explanation_text', 'prepared_by_employee_id',
        ],
    ) }}
),

-- A month whose last day was mended is one month.
ranked as (
    select
        latest.*,
        {{ month_first('month_end_date') }} as month_date,
        rank() over (
            partition by organisation_id, statement_line_code, item_number, {{ month_first('month_end_date') }}
            order by month_end_date desc
        ) as day_rank
    from latest
),

organisation as (
    {{ carried_versions(ref('dim_organisation'), 'organisation', 'organisation_id') }}
)

select
    cast(coalesce(organisation.organisation_pk, {{ var('unassigned_pk') }}) as bigint) as organisation_fk,
    cast(latest.organisation_id as {{ t_string() }}) as organisation_id,
    cast(latest.statement_line_code as {{ t_string() }}) as statement_line_code,
    cast(latest.month_end_date as date) as month_end_date,
    cast(latest.item_number as int) as item_number,
    cast(latest.explained_amount as decimal(18, 2)) as explained_amount,
    cast(latest.explanation_text as {{ t_string() }}) as explanation_text,
    cast(latest.prepared_by_employee_id as {{ t_string() }}) as prepared_by_employee_id,
    cast(latest.month_date as date) as month_date
from ranked as latest
left join organisation
    on latest.organisation_id = organisation.organisation_id
    and {{ as_at('organisation', month_reached('latest.month_date')) }}
where latest.day_rank = 1
