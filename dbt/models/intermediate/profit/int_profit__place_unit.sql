-- One row per unit, month, profit line, variant and cause: what belongs to a unit and to no account,
-- and what its books hold for accounts of other units, which nets to nothing over the bank.
-- Support that a unit hands down stays in its books, and in those who get it there is less.
{%- set any = "'any'" %}
{%- set pieces = [
    ('interest', 'interest_income', any, 'cause_code', 'interest_income_amount'),
    ('interest', 'interest_expense', any, 'cause_code', 'interest_expense_amount'),
    ('fee', 'fee_income', any, "'booked_elsewhere'", 'fee_amount'),
    ('cost', 'direct_cost', 'cost_method_code', "'served_elsewhere'", 'direct_cost_amount'),
    ('cost', 'indirect_cost', 'cost_method_code', "'served_elsewhere'", 'indirect_cost_amount'),
    ('unused', 'unused_capacity', 'cost_method_code', "'unused_capacity'", 'unused_amount'),
    ('unused', 'indirect_cost', 'cost_method_code', "'handed_down'", 'received_amount'),
    ('treasury', 'ftp', 'method_set_code', "'treasury'", 'treasury_amount'),
] %}
with rebuilt as (
    select min(month_date) as first_month_date from {{ ref('int_account__divide_month') }}
),

account_month as (
    select
        account_month.account_key,
        organisation.organisation_id,
        account_month.missing_rate_code,
        account_month.interest_source_code,
        account_month.interest_income_amount,
        account_month.interest_expense_amount,
        account_month.fee_amount,
        account_month.month_date
    from {{ ref('fct_account_month') }} as account_month
    inner join rebuilt on account_month.month_date >= rebuilt.first_month_date
    left join {{ ref('dim_organisation') }} as organisation
        on account_month.organisation_fk = organisation.organisation_pk
),

-- Booked by a unit less counted at an account of a unit: where a price is missing, all of it.
interest as (
    select
        booked.organisation_id,
        coalesce(account_month.missing_rate_code, 'booked_elsewhere') as cause_code,
        booked.interest_income_amount,
        booked.interest_expense_amount,
        booked.month_date
    from {{ ref('int_account__book_interest') }} as booked
    inner join account_month
        on booked.account_key = account_month.account_key
        and booked.month_date = account_month.month_date
    union all
    select
        organisation_id,
        coalesce(missing_rate_code, 'booked_elsewhere') as cause_code,
        -interest_income_amount as interest_income_amount,
        -interest_expense_amount as interest_expense_amount,
        month_date
    from account_month
    where interest_source_code = 'ledger'
),

fee as (
    select
        organisation.organisation_id,
        activity.fee_amount,
        activity.month_date
    from {{ ref('int_account__sum_activity') }} as activity
    inner join rebuilt on activity.month_date >= rebuilt.first_month_date
    left join {{ ref('dim_organisation') }} as organisation
        on activity.organisation_fk = organisation.organisation_pk
    union all
    select
        organisation_id,
        -fee_amount as fee_amount,
        month_date
    from account_month
),

cost as (
    select
        organisation_id,
        cost_method_code,
        direct_cost_amount,
        indirect_cost_amount,
        month_date
    from {{ ref('int_profit__work_cost') }}
    union all
    select
        organisation.organisation_id,
        line.variant_code as cost_method_code,
        case when line.profit_line_code = 'direct_cost' then -line.amount else 0 end as direct_cost_amount,
        case when line.profit_line_code = 'indirect_cost' then -line.amount else 0 end as indirect_cost_amount,
        line.month_date
    from {{ ref('int_profit__list_line') }} as line
    inner join {{ ref('dim_organisation') }} as organisation
        on line.organisation_fk = organisation.organisation_pk
    where line.profit_line_code in ('direct_cost', 'indirect_cost')
),

{{ unused_capacity_ctes() }},

treasury as (
    select
        coalesce(offset_unit.organisation_id, 'unassigned') as organisation_id,
        treasury.method_set_code,
        treasury.treasury_amount,
        treasury.month_date
    from {{ ref('fct_treasury_month') }} as treasury
    inner join rebuilt on treasury.month_date >= rebuilt.first_month_date
    left join {{ ref('ftp_offset_unit') }} as offset_unit
        on {{ as_at('offset_unit', 'treasury.month_date') }}
        and treasury.method_set_code = offset_unit.ftp_method_set_code
),

piece as (
    {%- for table, line, variant, cause, amount in pieces %}
    select
        organisation_id,
        '{{ line }}' as profit_line_code,
        {{ variant }} as variant_code,
        {{ cause }} as cause_code,
        {{ amount }} as amount,
        month_date
    from {{ table }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    cast(organisation_id as {{ t_string() }}) as organisation_id,
    cast(profit_line_code as {{ t_string() }}) as profit_line_code,
    cast(variant_code as {{ t_string() }}) as variant_code,
    cast(cause_code as {{ t_string() }}) as cause_code,
    cast({{ total_of('amount') }} as decimal(18, 2)) as amount,
    cast(month_date as date) as month_date
from piece
group by organisation_id, profit_line_code, variant_code, cause_code, month_date
having sum(amount) <> 0
