{{ config(meta={
    'owner': 'data team',
    'message': 'A customer of the register is missing from the marts of the business date. 某客户未出现在当月集市中。',
}) }}
-- One row per registered customer without a row in the business date's month in one of the tables by
-- customer. A bank that delivered neither postings nor balances has no months to be missing from.
with registered as (
    select distinct customer_key
    from {{ ref('dim_customer') }}
    where
        customer_pk <> {{ var('unassigned_pk') }}
        and coalesce(opened_date, {{ first_valid_date() }}) <= {{ business_date() }}
)

{%- for table in ['fct_customer_month', 'fct_customer_rolling_month', 'mart_profitability__customer_month'] %}
select
    '{{ table }}' as table_name,
    registered.customer_key
from registered
left join {{ ref(table) }} as present
    on registered.customer_key = present.customer_key
    and present.month_date = {{ date_literal(business_month()) }}
where
    present.customer_key is null
    and exists (select 1 from {{ ref('fct_account_month') }})
{{ 'union all' if not loop.last }}
{%- endfor %}
