-- One row per unit and month: its profit as those who run it answer for it, its staff and its
-- customers. What its books only hold for other units is left out; over the bank it is nothing.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('mart_profitability__unit_month') %}
{%- set measures = statement_measures() %}
{%- set amounts = [] %}
{%- for name in measures %}
{%- do amounts.append(name ~ '_amount') %}
{%- endfor %}
{%- do amounts.append('net_profit_amount') %}
with unit as (
    {{ carried_versions(
        ref('dim_organisation'), 'organisation', 'organisation_id',
        ['organisation_name', 'organisation_type_code', 'level_1_name', 'level_2_name'],
    ) }}
),

by_version as (
    select
        profit.organisation_fk,
        {%- for name, lines in measures.items() %}
        {{ total_of_lines(lines, 'profit') }} as {{ name }}_amount,
        {%- endfor %}
        {{ net_profit_of_lines('profit') }} as net_profit_amount,
        profit.month_date
    from {{ ref('fct_profit_month') }} as profit
    inner join {{ ref('dim_profit_cause') }} as cause on profit.cause_code = cause.cause_code
    where
        profit.rule_set_code = '{{ var("base_rule_set") }}'
        and not cause.is_ledger_placement
        and {{ in_rebuilt('profit.month_date', first_month) }}
    group by profit.organisation_fk, profit.month_date
),

earned as (
    select
        organisation.organisation_id,
        {%- for name in amounts %}
        by_version.{{ name }},
        {%- endfor %}
        by_version.month_date
    from by_version
    inner join {{ ref('dim_organisation') }} as organisation
        on by_version.organisation_fk = organisation.organisation_pk
),

-- Only who is on the list on the last counted day: who left it works here no more.
staffed as (
    select
        organisation.organisation_id,
        month.month_date,
        count(*) as employee_count
    from (select distinct month_date from by_version) as month
    inner join {{ ref('dim_employee') }} as employee
        on {{ as_at('employee', month_reached('month.month_date')) }}
        and coalesce(employee.hired_date, {{ first_valid_date() }}) <= {{ month_reached('month.month_date') }}
        and coalesce(employee.left_date, {{ open_valid_date() }}) > {{ month_reached('month.month_date') }}
    inner join {{ ref('dim_organisation') }} as organisation
        on employee.organisation_fk = organisation.organisation_pk
    where employee.employee_pk <> {{ var('unassigned_pk') }}
    group by organisation.organisation_id, month.month_date
),

served as (
    select
        organisation.organisation_id,
        profit.month_date,
        count(*) as customer_count
    from {{ ref('mart_profitability__customer_month') }} as profit
    inner join {{ ref('dim_customer') }} as customer on profit.customer_fk = customer.customer_pk
    inner join {{ ref('dim_organisation') }} as organisation
        on profit.organisation_fk = organisation.organisation_pk
    where
        profit.customer_key <> {{ var('unassigned_pk') }}
        and customer.status_code <> 'closed'
        and {{ in_rebuilt('profit.month_date', first_month) }}
    group by organisation.organisation_id, profit.month_date
),

listed as (
    {{ stacked_measures(
        {'earned': amounts, 'staffed': ['employee_count'], 'served': ['customer_count']},
        key=['organisation_id', 'month_date'],
    ) }}
),

summed as (
    select
        organisation_id,
        month_date,
        {{ summed_measures(amounts + ['employee_count', 'customer_count']) }}
    from listed
    group by organisation_id, month_date
)

select
    cast(coalesce(unit.organisation_pk, {{ var('unassigned_pk') }}) as bigint) as organisation_fk,
    cast(summed.organisation_id as {{ t_string() }}) as organisation_id,
    cast(unit.organisation_name as {{ t_string() }}) as organisation_name,
    cast(unit.organisation_type_code as {{ t_string() }}) as organisation_type_code,
    cast(unit.level_1_name as {{ t_string() }}) as level_1_name,
    cast(coalesce(unit.level_2_name, unit.level_1_name) as {{ t_string() }}) as level_2_name,
    cast({{ month_days('summed.month_date') }} as int) as days_count,
    cast(summed.employee_count as bigint) as employee_count,
    cast(summed.customer_count as bigint) as customer_count,
    {%- for name in amounts %}
    cast(summed.{{ name }} as decimal(18, 2)) as {{ name }},
    {%- endfor %}
    -- Null where nobody works.
    cast({{ average_over('summed.net_profit_amount', 'summed.employee_count') }} as decimal(18, 2))
        as profit_per_employee_amount,
    cast(summed.month_date as date) as month_date
from summed
left join unit
    on summed.organisation_id = unit.organisation_id
    and {{ as_at('unit', month_reached('summed.month_date')) }}
