-- One row per account, customer whom a part of it belongs to, month and rule set, published or not: the
-- lines of the profit statement side by side.
{%- set keys = ['account_key', 'account_fk', 'customer_key', 'customer_fk', 'product_fk', 'organisation_fk'] %}
with rebuilt as (
    select min(month_date) as first_month_date from {{ ref('int_account__divide_month') }}
),

-- Transfer prices by other sets of methods than the one that account months hold.
price as (
    select
        ftp.account_key,
        ftp.method_set_code,
        {{ total_of('ftp.ftp_amount') }} as ftp_amount,
        ftp.month_date
    from {{ ref('fct_ftp_month') }} as ftp
    inner join rebuilt on ftp.month_date >= rebuilt.first_month_date
    where ftp.method_set_code <> '{{ var("base_ftp_method_set") }}'
    group by ftp.account_key, ftp.method_set_code, ftp.month_date
),

stated as (
    select
        {%- for name in keys %}
        part.{{ name }},
        {%- endfor %}
        part.interest_income_amount,
        part.interest_expense_amount,
        case
            when rule.ftp_method_set_code = '{{ var("base_ftp_method_set") }}' then part.ftp_amount
            else {{ part_between('coalesce(price.ftp_amount, 0)', 'part.from_units', 'part.to_units') }}
        end as ftp_amount,
        part.fee_amount as fee_income_amount,
        -{{ share_of_amount('(part.interest_income_amount + part.fee_amount)', 'rule.surtax_rate') }} as surtax_amount,
        {%- for kind in ['direct', 'indirect'] %}
        case
            when rule.cost_method_code = 'full_absorption' then part.absorbed_{{ kind }}_cost_amount
            else part.{{ kind }}_cost_amount
        end as {{ kind }}_cost_amount,
        {%- endfor %}
        case
            when rule.loss_method_code = 'provision' then part.provision_loss_amount
            else part.expected_loss_amount
        end as expected_loss_amount,
        -{{ share_of_amount('part.risk_weighted_amount', 'rule.capital_charge_rate', parts=12) }} as capital_amount,
        part.from_units,
        part.to_units,
        rule.rule_set_code,
        rule.income_tax_rate,
        rule.is_published,
        part.month_date
    from {{ ref('int_profit__charge_part') }} as part
    inner join {{ ref('int_profit__list_rule_set') }} as rule on part.month_date = rule.month_date
    left join price
        on part.account_key = price.account_key
        and part.month_date = price.month_date
        and rule.ftp_method_set_code = price.method_set_code
),

summed as (
    select
        stated.*,
        {% for line in account_lines_before_tax() %}
        {{- '+ ' if not loop.first }}{{ line }}_amount
        {% endfor %}as before_tax_amount
    from stated
)

select
    {%- for name in keys %}
    cast({{ name }} as bigint) as {{ name }},
    {%- endfor %}
    cast(rule_set_code as {{ t_string() }}) as rule_set_code,
    cast(is_published as boolean) as is_published,
    {%- for line in account_lines_before_tax() %}
    cast({{ line }}_amount as decimal(18, 2)) as {{ line }}_amount,
    {%- endfor %}
    cast(-{{ share_of_amount('before_tax_amount', 'income_tax_rate') }} as decimal(18, 2)) as income_tax_amount,
    cast({{ part_between('capital_amount', 'from_units', 'to_units') }} as decimal(18, 2)) as capital_charge_amount,
    cast(month_date as date) as month_date
from summed
