{#- The whole of an account, in the units of its holders' shares: hundred-millionths. -#}
{% macro whole_units() -%}100000000{%- endmacro %}

{#-
The part of an amount that lies between two marks of the whole, in hundred-millionths: what stands
rounded at the end of the stretch less what stood at its start. Parts of neighbouring stretches sum
to the whole amount, and each is within a fen of its exact share.
-#}
{% macro part_between(amount, from_units, to_units) -%}
    case
        when {{ to_units }} - {{ from_units }} = {{ whole_units() }} then {{ amount }}
        else {{ amount_up_to(amount, to_units) }} - {{ amount_up_to(amount, from_units) }}
    end
{%- endmacro %}
{% macro amount_up_to(amount, units) -%}
    {{ from_units(mul_div_round(cents(amount), units, 'cast(' ~ whole_units() ~ ' as bigint)'), 2) }}
{%- endmacro %}

{#-
Stretches of the whole by holder, of accounts that have several or are not held whole, as a
sub-select: account_key, month_date, customer_key, from_units and to_units in hundred-millionths, by
the holders' shares on a day, in the order of their keys. Other accounts have none.

Args:
    account_month: name of a CTE with one row per account and month: account_key, month_date and the
        day, reached_date.
-#}
{% macro holder_stretches(account_month) -%}
    with divided_account as (
        select account_key
        from {{ ref('bridge_account_holder') }}
        where role_code <> 'authorised'
        group by account_key
        having min(share_rate) < 1 or count(distinct customer_key) > 1
    ),

    holding as (
        select
            account_month.account_key,
            account_month.month_date,
            holder.customer_key,
            cast(holder.share_rate * {{ whole_units() }} as bigint) as share_units
        from {{ account_month }} as account_month
        inner join divided_account on account_month.account_key = divided_account.account_key
        inner join {{ ref('bridge_account_holder') }} as holder
            on account_month.account_key = holder.account_key
            and {{ as_at('holder', 'account_month.reached_date') }}
        where holder.share_rate > 0
    ),

    stacked as (
        select
            holding.*,
            sum(share_units) over (
                partition by account_key, month_date
                order by customer_key
                rows between unbounded preceding and current row
            ) as to_units,
            sum(share_units) over (partition by account_key, month_date) as total_units
        from holding
    ),

    -- Shares of more than the whole are cut in proportion; what is missing from it is nobody's.
    scaled as (
        select
            stacked.*,
            cast(to_units - share_units as bigint) * {{ whole_units() }} as from_part,
            cast(to_units as bigint) * {{ whole_units() }} as to_part,
            greatest(cast(total_units as bigint), {{ whole_units() }}) as divisor
        from stacked
    )

    select
        account_key,
        month_date,
        customer_key,
        {{ idiv('from_part', 'divisor') }} as from_units,
        {{ idiv('to_part', 'divisor') }} as to_units
    from scaled
    union all
    select
        account_key,
        month_date,
        {{ var('unassigned_pk') }} as customer_key,
        max(cast(total_units as bigint)) as from_units,
        {{ whole_units() }} as to_units
    from stacked
    group by account_key, month_date
    having max(total_units) < {{ whole_units() }}
{%- endmacro %}
