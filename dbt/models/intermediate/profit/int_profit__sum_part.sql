-- One row per unit, month, profit line and published rule set: what the unit's accounts bear.
with summed as (
    select
        organisation.organisation_id,
        part.organisation_fk,
        part.rule_set_code,
        {%- for line in account_lines() %}
        {{ total_of('part.' ~ line ~ '_amount') }} as {{ line }}_amount,
        {%- endfor %}
        part.month_date
    from {{ ref('int_profit__state_part') }} as part
    left join {{ ref('dim_organisation') }} as organisation
        on part.organisation_fk = organisation.organisation_pk
    where part.is_published
    group by organisation.organisation_id, part.organisation_fk, part.rule_set_code, part.month_date
),

line as (
    select
        organisation_id,
        organisation_fk,
        rule_set_code,
        {{ each_column(account_lines(), '_amount', 'profit_line_code', 'amount') }},
        month_date
    from summed
)

select
    cast(organisation_id as {{ t_string() }}) as organisation_id,
    cast(organisation_fk as bigint) as organisation_fk,
    cast(profit_line_code as {{ t_string() }}) as profit_line_code,
    cast(rule_set_code as {{ t_string() }}) as rule_set_code,
    cast(amount as decimal(18, 2)) as amount,
    cast(month_date as date) as month_date
from line
where amount <> 0
