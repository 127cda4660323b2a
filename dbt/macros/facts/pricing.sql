{#- The sets of methods that rule sets find transfer prices by, a sub-select with one row each. -#}
{% macro ftp_method_sets() -%}
    (
        select ftp_method_set_code as method_set_code from {{ ref('profit_rule_set') }}
        union distinct
        select '{{ var('base_ftp_method_set') }}' as method_set_code
    )
{%- endmacro %}

{#-
The stretches of days with one balance of a deposit or loan, cut where the version of its record changes:
a sub-select with account_fk, month_date, valid_from_date, valid_to_date, is_overdrawn and balance_amount.
A deposit in the red is lent money, and what is owed stands above 0. `where` is asked of `balance`.
Read twice a night, and not written down: that would cost more than joining it again.
-#}
{% macro balances_to_price(where) -%}
    {%- set sign = "case when place.pillar_code = 'liability' and balance.balance_amount < 0 then -1 else 1 end" -%}
    (
        select
            balance.month_date,
            version.account_fk,
            {{ cut_from('balance', 'version') }} as valid_from_date,
            {{ cut_to('balance', 'version') }} as valid_to_date,
            place.pillar_code = 'liability' and balance.balance_amount < 0 as is_overdrawn,
            cast({{ sign }} * balance.balance_amount as decimal(18, 2)) as balance_amount
        from {{ ref('fct_account_balance_interval') }} as balance
        inner join (
            select
                account_key,
                account_fk,
                min(valid_from_date) as valid_from_date,
                max(valid_to_date) as valid_to_date
            from {{ ref('bridge_account_version') }}
            group by account_key, account_fk
        ) as version
            on balance.account_key = version.account_key and {{ overlaps('balance', 'version') }}
        inner join {{ ref('int_pricing__place_account') }} as place
            on version.account_fk = place.account_fk
        where
            balance.balance_amount <> 0
            and {{ where }}
    )
{%- endmacro %}

{#-
Average life of a principal that is repaid in equal instalments, in days of months of 30, at its start:
a sub-select with a row per term_months and interest_rate of `loans` that are both above 0, and
average_life_days. In months it is n / (1 - v^n) - 1 / i with i = rate / 12 and v = 1 / (1 + i): later the
higher the rate. Whole numbers of 10^-17, each step rounded once, so that whoever does the same in
another language finds the same day; v^n by squaring, with terms up to 4095 months. Few terms and
rates differ, so that it costs nothing.
-#}
{% macro average_lives(loans) -%}
{%- set whole = 10 ** 17 %}
(
    with power_12 as (
        select distinct
            term_months,
            interest_rate,
            cast(interest_rate * 100000000 as bigint) as rate_units,
            {{ div_units_wide(
                'cast(1200000000 as decimal(19, 0)) * ' ~ whole,
                '(1200000000 + cast(interest_rate * 100000000 as bigint))'
            ) }} as discount_units,
            cast({{ whole }} as bigint) as power_units
        from {{ loans }}
        where term_months > 0 and interest_rate > 0
    )

    {%- for bit in range(11, -1, -1) %},

    square_{{ bit }} as (
        select
            power_{{ bit + 1 }}.*,
            {{ times_units('power_units', 'power_units') }} as square_units
        from power_{{ bit + 1 }}
    ),

    power_{{ bit }} as (
        select
            term_months,
            interest_rate,
            rate_units,
            discount_units,
            case
                when mod({{ idiv('term_months', 2 ** bit) }}, 2) = 1
                    then {{ times_units('square_units', 'discount_units') }}
                else square_units
            end as power_units
        from square_{{ bit }}
    )
    {%- endfor %}

    select
        term_months,
        interest_rate,
        {{ div_units_wide(
            'cast(30 * cast(term_months as bigint) * rate_units as decimal(19, 0)) * ' ~ whole
            ~ ' - cast(36000000000 as decimal(19, 0)) * (' ~ whole ~ ' - power_units)',
            'cast(' ~ whole ~ ' - power_units as decimal(19, 0)) * rate_units',
        ) }} as average_life_days
    from power_0
)
{%- endmacro %}

{#- A product of two numbers of 10^-17, neither above 1. -#}
{% macro times_units(a, b) -%}
    {{ div_units_wide('cast(' ~ a ~ ' as decimal(19, 0)) * cast(' ~ b ~ ' as decimal(19, 0))', 10 ** 17) }}
{%- endmacro %}

{#-
Where the period of so many months that a day lies in began, counted from an anchor in either
direction: the last rollover of a deposit from the day it was opened, the last repricing of a loan
from one that is known. Whole periods from the anchor, so that an end of a month stays one.
-#}
{% macro period_start(anchor, months, day) -%}
    {%- set count = idiv(months_apart(anchor, day) ~ ' + 1200 * (' ~ months ~ ')', 'nullif(' ~ months ~ ', 0)') -%}
    {%- set start = add_months_to(anchor, '(' ~ count ~ ' - 1200) * (' ~ months ~ ')') -%}
    {%- set before = add_months_to(anchor, '(' ~ count ~ ' - 1201) * (' ~ months ~ ')') -%}
    case when {{ start }} <= {{ day }} then {{ start }} else {{ before }} end
{%- endmacro %}

{#-
The rate of a tenor on a stretch of the curve (alias `node`), linear between its ends in whole
10^-8, flat before the first and behind the last tenor.
-#}
{% macro interpolated_rate(node, tenor_days) -%}
    case
        when {{ node }}.next_tenor_days is null or {{ tenor_days }} <= {{ node }}.tenor_days
            then {{ node }}.ftp_rate
        else {{ node }}.ftp_rate + {{ from_units(mul_div_round(
            'cast((' ~ node ~ '.next_ftp_rate - ' ~ node ~ '.ftp_rate) * 100000000 as bigint)',
            '(' ~ tenor_days ~ ' - ' ~ node ~ '.tenor_days)',
            '(' ~ node ~ '.next_tenor_days - ' ~ node ~ '.tenor_days)',
        ), 8, 12) }}
    end
{%- endmacro %}

{#- Core share at one rate and the rest at another, to 10^-8; null where either rate is not known. -#}
{% macro blended_rate(core_share, core_rate, other_rate) -%}
    {{ other_rate }} + {{ from_units(mul_div_round(
        'cast((' ~ core_rate ~ ' - ' ~ other_rate ~ ') * 100000000 as bigint)',
        'cast(' ~ core_share ~ ' * 100000000 as bigint)',
        '100000000',
    ), 8, 12) }}
{%- endmacro %}

{#-
What stays of a balance over so many months with a given confidence: its logarithm drifts by the month
and strays with the root of time. Doubles, of whole numbers in a fixed order: the same on every build.
-#}
{% macro staying_share(drift, deviation, months, quantile) -%}
    exp({{ drift }} * {{ months }} - cast({{ quantile }} as double) * {{ deviation }} * sqrt({{ months }}))
{%- endmacro %}

{#-
A bound of a deviation that was measured with so many degrees of freedom, at a quantile of the standard
normal: below 0 the upper bound, above 0 the lower. Chi-square by its cube root (Wilson and Hilferty).
-#}
{% macro deviation_bound(deviation, freedom, quantile) -%}
    {#- Fewer than three are not measured, but looked at all the same. -#}
    {%- set part = '(2.0 / (9 * greatest(' ~ freedom ~ ', 3)))' -%}
    {{ deviation }} * power(1 - {{ part }} + cast({{ quantile }} as double) * sqrt({{ part }}), -1.5)
{%- endmacro %}
