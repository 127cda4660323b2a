{#- The names of a tree's node from the top down to a level, as one text; a shorter branch ends at its node. -#}
{% macro names_down_to(alias, level) -%}
    {%- set names = [] -%}
    {%- for depth in range(1, level + 1) -%}
        {%- do names.append(alias ~ '.level_' ~ depth ~ '_name') -%}
    {%- endfor -%}
    {{ return("concat_ws('/', " ~ names | join(', ') ~ ")") }}
{%- endmacro %}

{#-
Figures rolled up one way, by month and rule set: through the joins that lead to its members, each through
the dimension's version that the figures carry. Inner ones: every dimension has its unassigned member, so a row that
finds none is missing from the sum.
-#}
{% macro rolled_up(figures, rollup, member) -%}
    select
        '{{ rollup }}' as rollup_code,
        figures.rule_set_code,
        count(distinct {{ member }}) as member_count,
        {{ total_of('figures.amount') }} as rollup_amount,
        figures.month_date
    from {{ figures }} as figures
    {%- if rollup == 'account' %}
    inner join {{ ref('dim_account') }} as account on figures.account_fk = account.account_pk
    {%- elif rollup.startswith('unit') %}
    inner join {{ ref('dim_organisation') }} as unit on figures.organisation_fk = unit.organisation_pk
    {%- elif rollup == 'pillar' or rollup.startswith('product') %}
    inner join {{ ref('dim_product') }} as product on figures.product_fk = product.product_pk
    {%- else %}
    inner join {{ ref('dim_customer') }} as customer on figures.customer_fk = customer.customer_pk
    {%- endif %}
    {%- if rollup == 'customer_group' %}
    left join {{ ref('bridge_customer_group') }} as customer_group
        on customer.customer_key = customer_group.customer_key
        and {{ as_at('customer_group', month_reached('figures.month_date')) }}
    {%- elif rollup == 'manager' %}
    inner join {{ ref('dim_employee') }} as employee on customer.manager_fk = employee.employee_pk
    {%- elif rollup == 'district' %}
    inner join {{ ref('dim_district') }} as district on customer.district_fk = district.district_pk
    {%- elif rollup == 'value_class' %}
    left join {{ ref('fct_customer_month') }} as customer_month
        on figures.customer_key = customer_month.customer_key
        and figures.month_date = customer_month.month_date
    left join {{ ref('value_class') }} as value_class
        on customer_month.deposit_average_amount >= value_class.minimum_amount
        and customer_month.deposit_average_amount < value_class.maximum_amount
        and {{ as_at('value_class', 'figures.month_date') }}
    {%- endif %}
    group by figures.rule_set_code, figures.month_date
{%- endmacro %}
