-- One row per unit, statement line, month and item that finance explains.
-- A month whose last day was mended is one month.
with latest as (
    {{ pick_latest_small(
        ref('stg_ledger__explanation'),
        key=['organisation_id', 'statement_line_code', 'item_number', month_first('month_end_date')],
        latest_by='month_end_date',
        columns=[
            'organisation_id', 'statement_line_code', 'month_end_date', 'item_number',
            'explained_amount', 'explanation_text', 'prepared_by_employee_id',
        ],
    ) }}
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
    cast({{ month_first('latest.month_end_date') }} as date) as month_date
from latest
left join organisation
    on latest.organisation_id = organisation.organisation_id
    and {{ as_at('organisation', month_reached(month_first('latest.month_end_date'))) }}
