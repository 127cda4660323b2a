-- One row per customer, month and rule set, published or not: what his accounts bring by it, before
-- income tax and after the cost of capital. Nobody is left out.
{%- set amounts = [] %}
{%- for line in account_lines_before_tax() + ['capital_charge'] %}
{%- do amounts.append(line ~ '_amount') %}
{%- endfor %}
select
    cast(customer_key as bigint) as customer_key,
    cast(rule_set_code as {{ t_string() }}) as rule_set_code,
    cast({{ total_of(amounts | join(' + ')) }} as decimal(18, 2)) as profit_amount,
    cast(month_date as date) as month_date
from {{ ref('int_profit__state_part') }}
where customer_key <> {{ var('unassigned_pk') }}
group by customer_key, rule_set_code, month_date
