{#-
How much a yuan of each product counts in increases, by version of the rule product_factor: that of the
product itself, else of the nearest group above it. As a sub-select.
-#}
{% macro product_factors() -%}
    with found as (
        select
            product.product_pk,
            rule.factor_rate,
            rule.valid_from_date,
            rule.valid_to_date,
            row_number() over (
                partition by product.product_pk, rule.valid_from_date
                order by length(rule.product_id) desc, rule.product_id
            ) as nth_nearest
        from {{ ref('dim_product') }} as product
        inner join {{ ref('product_factor') }} as rule
            on concat_ws('/', '', product.path_text, '') like concat_ws('/', '%', rule.product_id, '%')
    )

    select
        product_pk,
        factor_rate,
        valid_from_date,
        valid_to_date
    from found
    where nth_nearest = 1
{%- endmacro %}

{#-
What the increase of an account is counted from in each rebuilt month, as a sub-select: its own average
in the December before, of a shorter history in the first month there is, in yuan.
-#}
{% macro increase_bases(first_month) -%}
    with base_month as (
        select
            month_date,
            greatest(
                cast({{ add_months_to("cast(date_trunc('year', month_date) as date)", -1) }} as date),
                min(month_date) over ()
            ) as base_month_date
        from {{ ref('fct_account_month') }}
        group by month_date
    )

    select
        base.account_key,
        base.customer_key,
        base.product_fk,
        base.average_balance_amount as base_amount,
        base_month.month_date
    from base_month
    inner join {{ ref('fct_account_month') }} as base on base_month.base_month_date = base.month_date
    where {{ in_rebuilt('base_month.month_date', first_month) }} and base.average_balance_amount <> 0
{%- endmacro %}
