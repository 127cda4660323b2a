-- One row per account, customer, month, profit line and rule set, and one per unit and cause for what
-- belongs to no account: together the bank's profit by the ledger.
{{ partitioned_from_month('month_date') }}
{%- set nobody = var('unassigned_pk') %}
with part_line as (
    select
        account_fk,
        account_key,
        customer_fk,
        customer_key,
        product_fk,
        organisation_fk,
        rule_set_code,
        {{ each_column(account_lines(), '_amount', 'profit_line_code', 'amount') }},
        month_date
    from {{ ref('int_profit__state_part') }}
    where is_published
),

line as (
    select
        account_fk,
        account_key,
        customer_fk,
        customer_key,
        product_fk,
        organisation_fk,
        profit_line_code,
        rule_set_code,
        'account' as cause_code,
        amount,
        month_date
    from part_line
    where amount <> 0
    union all
    select
        {{ nobody }} as account_fk,
        {{ nobody }} as account_key,
        {{ nobody }} as customer_fk,
        {{ nobody }} as customer_key,
        {{ nobody }} as product_fk,
        organisation_fk,
        profit_line_code,
        rule_set_code,
        cause_code,
        amount,
        month_date
    from {{ ref('int_profit__state_unit') }}
)

select
    cast(account_fk as bigint) as account_fk,
    cast(account_key as bigint) as account_key,
    cast(customer_fk as bigint) as customer_fk,
    cast(customer_key as bigint) as customer_key,
    cast(product_fk as bigint) as product_fk,
    cast(organisation_fk as bigint) as organisation_fk,
    cast(profit_line_code as {{ t_string() }}) as profit_line_code,
    cast(rule_set_code as {{ t_string() }}) as rule_set_code,
    cast(cause_code as {{ t_string() }}) as cause_code,
    cast(amount as decimal(18, 2)) as amount,
    cast(month_date as date) as month_date
from line
