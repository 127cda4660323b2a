-- One row per account, customer, month, profit line and rule set, and one per unit and cause for what
-- belongs to no account: together the bank's profit by the ledger.
{{ partitioned_from_month('month_date') }}
with line as (
    select
        account_key,
        customer_key,
        organisation_fk,
        profit_line_code,
        rule_set_code,
        cause_code,
        amount,
        month_date
    from {{ ref('int_profit__state_line') }}
    union all
    select
        account_key,
        customer_key,
        organisation_fk,
        'income_tax' as profit_line_code,
        rule_set_code,
        cause_code,
        amount,
        month_date
    from {{ ref('int_profit__tax_line') }}
)

select
    cast(coalesce(part.account_fk, {{ var('unassigned_pk') }}) as bigint) as account_fk,
    cast(line.account_key as bigint) as account_key,
    cast(coalesce(part.customer_fk, place.customer_fk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(line.customer_key as bigint) as customer_key,
    cast(coalesce(part.product_fk, {{ var('unassigned_pk') }}) as bigint) as product_fk,
    cast(line.organisation_fk as bigint) as organisation_fk,
    cast(line.profit_line_code as {{ t_string() }}) as profit_line_code,
    cast(line.rule_set_code as {{ t_string() }}) as rule_set_code,
    cast(line.cause_code as {{ t_string() }}) as cause_code,
    cast(line.amount as decimal(18, 2)) as amount,
    cast(line.month_date as date) as month_date
from line
-- What belongs to a unit is nobody's account, also where unknown accounts were posted to. Within the key:
-- as a condition of its own it makes DuckDB compare every row with every other.
left join {{ ref('int_account__divide_month') }} as part
    on case when line.cause_code = 'account' then line.account_key end = part.account_key
    and line.customer_key = part.customer_key
    and line.month_date = part.month_date
left join {{ ref('int_customer__place_month') }} as place
    on case when line.account_key = {{ var('unassigned_pk') }} then line.customer_key end = place.customer_key
    and line.month_date = place.month_date
