-- One row per unit, month, profit line and variant: what its accounts and the unit itself bear.
with line as (
    select
        organisation.organisation_id,
        line.profit_line_code,
        line.variant_code,
        line.amount,
        line.month_date
    from {{ ref('int_profit__list_line') }} as line
    left join {{ ref('dim_organisation') }} as organisation
        on line.organisation_fk = organisation.organisation_pk
    union all
    select
        organisation_id,
        profit_line_code,
        variant_code,
        amount,
        month_date
    from {{ ref('int_profit__place_unit') }}
)

select
    cast(organisation_id as {{ t_string() }}) as organisation_id,
    cast(profit_line_code as {{ t_string() }}) as profit_line_code,
    cast(variant_code as {{ t_string() }}) as variant_code,
    cast({{ total_of('amount') }} as decimal(18, 2)) as amount,
    cast(month_date as date) as month_date
from line
group by organisation_id, profit_line_code, variant_code, month_date
