-- One row per unit, month, profit line, published rule set and cause: what belongs to a unit and to no
-- account, and what its books hold for accounts of other units, which nets to nothing over the bank.
-- Support that a unit hands down stays in its books, and in those who get it there is less.
{%- set booked = ref('int_profit__sum_booked') %}
{%- set translated = ref('int_profit__translate_unit') %}
{%- set pieces = [
    (booked, 'interest_income', 'piece.cause_code', 'interest_income_amount'),
    (booked, 'interest_expense', 'piece.cause_code', 'interest_expense_amount'),
    (booked, 'fee_income', 'piece.cause_code', 'fee_amount'),
    ('work', 'direct_cost', "'served_elsewhere'", 'direct_cost_amount'),
    ('work', 'indirect_cost', "'served_elsewhere'", 'indirect_cost_amount'),
    ('work', 'unused_capacity', "'unused_capacity'", 'unused_amount'),
    ('work', 'indirect_cost', "'handed_down'", 'received_amount'),
    ('treasury', 'ftp', "'treasury'", 'treasury_amount'),
    (translated, 'interest_income', "'fx_translation'", 'interest_income_amount'),
    (translated, 'interest_expense', "'fx_translation'", 'interest_expense_amount'),
    (translated, 'fee_income', "'fx_translation'", 'fee_amount'),
    ('provision', 'expected_loss', "'fx_translation'", 'provision_amount'),
] %}
with rule_set as (
    select *
    from {{ ref('int_profit__list_rule_set') }}
    where is_published
),

work as (
    select
        organisation_id,
        rule_set_code,
        direct_cost_amount,
        indirect_cost_amount,
        unused_amount,
        received_amount,
        month_date
    from {{ ref('int_profit__sum_work') }}
    union all
    select
        organisation_id,
        rule_set_code,
        case when profit_line_code = 'direct_cost' then -amount else 0 end as direct_cost_amount,
        case when profit_line_code = 'indirect_cost' then -amount else 0 end as indirect_cost_amount,
        0 as unused_amount,
        0 as received_amount,
        month_date
    from {{ ref('int_profit__sum_part') }}
),

treasury as (
    select
        coalesce(offset_unit.organisation_id, 'unassigned') as organisation_id,
        rule.rule_set_code,
        treasury.treasury_amount,
        treasury.month_date
    from {{ ref('fct_treasury_month') }} as treasury
    inner join rule_set as rule
        on treasury.month_date = rule.month_date and treasury.method_set_code = rule.ftp_method_set_code
    left join {{ ref('ftp_offset_unit') }} as offset_unit
        on {{ as_at('offset_unit', 'treasury.month_date') }}
        and treasury.method_set_code = offset_unit.ftp_method_set_code
),

provision as (
    select
        translated.organisation_id,
        rule.rule_set_code,
        translated.provision_amount,
        translated.month_date
    from {{ translated }} as translated
    inner join rule_set as rule
        on translated.month_date = rule.month_date and rule.loss_method_code = 'provision'
),

item as (
    {%- for table, line, cause, amount in pieces %}
    select
        piece.organisation_id,
        '{{ line }}' as profit_line_code,
        rule.rule_set_code,
        {{ cause }} as cause_code,
        piece.{{ amount }} as amount,
        rule.month_date
    from {{ table }} as piece
    inner join rule_set as rule
        on piece.month_date = rule.month_date
        {{ 'and piece.rule_set_code = rule.rule_set_code' if table not in (booked, translated) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    cast(organisation_id as {{ t_string() }}) as organisation_id,
    cast(profit_line_code as {{ t_string() }}) as profit_line_code,
    cast(rule_set_code as {{ t_string() }}) as rule_set_code,
    cast(cause_code as {{ t_string() }}) as cause_code,
    cast({{ total_of('amount') }} as decimal(18, 2)) as amount,
    cast(month_date as date) as month_date
from item
group by organisation_id, profit_line_code, rule_set_code, cause_code, month_date
having sum(amount) <> 0
