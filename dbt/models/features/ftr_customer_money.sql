-- One row per customer with something to lose and observation date: how the money moved, where it goes, what matures.
{{ partitioned_from_month('observation_date') }}
{%- set first_month = features_rebuilt_from('ftr_customer_money') %}
{%- set of_series = 'partition by ' ~ series_key() ~ ' order by month_date' %}
{%- set by_month = of_series ~ ' rows between ' %}
{%- set five_changes = '(' ~ by_month ~ '4 preceding and current row)' %}
{%- set six_months = '(' ~ by_month ~ '5 preceding and current row)' %}
{%- set is_deposit = "deposit.pillar_code = 'liability'" %}
{%- set after_day = 'deposit.maturity_date > deposit.observation_date and deposit.maturity_date <= ' %}
with observed as (
    {{ observed_customers(first_month) }}
),

closing as (
    {{ deposits_by_month(first_month) }}
),

compared as (
    select
        closing.*,
        lag(deposit_closing_amount) over ({{ of_series }}) as earlier_amount
    from closing
),

moved as (
    select
        compared.*,
        count(earlier_amount) over {{ five_changes }} as change_count,
        sum(abs(deposit_closing_amount - earlier_amount)) over {{ five_changes }} as change_amount,
        sum(abs(deposit_closing_amount)) over {{ six_months }} as level_amount,
        max(deposit_closing_amount) over {{ six_months }} as peak_amount
    from compared
),

deposit as (
    select
        account_month.account_key,
        account_month.customer_key,
        account_month.month_date,
        {{ month_reached('account_month.month_date') }} as observation_date,
        product.pillar_code,
        product.product_id,
        account_month.currency_code,
        account_month.closing_balance_amount,
        account_month.interest_rate,
        account.opened_date,
        account.maturity_date
    from {{ ref('fct_account_month') }} as account_month
    inner join {{ ref('dim_product') }} as product on account_month.product_fk = product.product_pk
    inner join {{ ref('dim_account') }} as account on account_month.account_fk = account.account_pk
    where account_month.closing_balance_amount > 0 and {{ in_rebuilt('account_month.month_date', first_month) }}
),

-- What the bank pays today on the same product: the mean of the accounts opened in ninety days.
offered as (
    select
        product_id,
        currency_code,
        month_date,
        {{ from_units(div_units('cast(sum(' ~ wide_units('interest_rate', 8) ~ ') as bigint)', 'count(*)'), 8, 12) }}
            as offered_rate
    from deposit
    where
        pillar_code = 'liability'
        and interest_rate is not null
        and {{ in_days_up_to('opened_date', 'observation_date', 90) }}
    group by product_id, currency_code, month_date
),

account_total as (
    select
        deposit.customer_key,
        deposit.month_date,
        {{ total_of("case when " ~ is_deposit ~ " then deposit.closing_balance_amount else 0 end") }}
            as deposit_amount,
        {{ total_of("case when " ~ is_deposit ~ " and deposit.maturity_date is null"
            ~ " then deposit.closing_balance_amount else 0 end") }} as demand_amount,
        {%- for days in [30, 90] %}
        {{ total_of("case when " ~ is_deposit ~ " and " ~ after_day ~ add_days('deposit.observation_date', days)
            ~ " then deposit.closing_balance_amount else 0 end") }} as deposit_maturing_{{ days }}d_amount,
        {%- endfor %}
        {{ total_of("case when deposit.pillar_code = 'asset' and "
            ~ after_day ~ add_days('deposit.observation_date', 90) ~ " then deposit.closing_balance_amount else 0 end") }} as loan_maturing_90d_amount,
        {{ total_of('case when deposit.interest_rate - offered.offered_rate is not null'
            ~ ' then deposit.closing_balance_amount end') }}
            as compared_amount,
        {{ total_of("cast(deposit.closing_balance_amount * (deposit.interest_rate - offered.offered_rate)"
            ~ " as decimal(28, 10))") }} as interest_gap_amount
    from deposit
    left join offered
        on deposit.product_id = offered.product_id
        and deposit.currency_code = offered.currency_code
        and deposit.month_date = offered.month_date
    group by deposit.customer_key, deposit.month_date
)

select
    cast(observed.customer_key as bigint) as customer_key,
    -- Over the greater of the two: between -1 and 1, and from -2 to 2 where an account is overdrawn.
    cast({{ ratio_of(
        'moved.deposit_closing_amount - moved.earlier_amount',
        'greatest(abs(moved.deposit_closing_amount), abs(moved.earlier_amount))'
    ) }} as decimal(18, 8)) as deposit_change_1m_rate_before_obs,
    cast(
        case when moved.change_count >= 5 then {{ ratio_of('moved.change_amount', 'moved.level_amount') }} end
        as decimal(18, 8)
    ) as deposit_volatility_6m_rate_before_obs,
    cast(
        {{ where_history_reaches(6, ratio_of('greatest(moved.deposit_closing_amount, 0)', 'moved.peak_amount')) }}
        as decimal(18, 8)
    ) as deposit_peak_6m_share_rate_before_obs,
    cast({{ ratio_of('account_total.demand_amount', 'account_total.deposit_amount') }} as decimal(18, 8))
        as demand_deposit_share_rate_before_obs,
    cast(coalesce(account_total.deposit_maturing_30d_amount, 0) as decimal(18, 2))
        as deposit_maturing_30d_amount_before_obs,
    cast(coalesce(account_total.deposit_maturing_90d_amount, 0) as decimal(18, 2))
        as deposit_maturing_90d_amount_before_obs,
    cast(
        {{ ratio_of('account_total.deposit_maturing_90d_amount', 'account_total.deposit_amount') }} as decimal(18, 8)
    ) as deposit_maturing_90d_share_rate_before_obs,
    cast(coalesce(account_total.loan_maturing_90d_amount, 0) as decimal(18, 2))
        as loan_maturing_90d_amount_before_obs,
    cast({{ ratio_of('account_total.interest_gap_amount', 'account_total.compared_amount') }} as decimal(18, 8))
        as deposit_rate_gap_rate_before_obs,
    cast({{ ratio_of('rolling.rival_outflow_90d_amount', 'rolling.outflow_90d_amount') }} as decimal(18, 8))
        as rival_outflow_90d_share_rate_before_obs,
    cast(
        {{ where_history_reaches(6, 'coalesce(earlier.rival_outflow_90d_amount, 0)') }} as decimal(18, 2)
    ) as rival_outflow_prior_90d_amount_before_obs,
    cast(
        {{ where_history_reaches(6, 'coalesce(rolling.rival_outflow_90d_amount, 0) > 0'
            ~ ' and coalesce(earlier.rival_outflow_90d_amount, 0) = 0') }} as boolean
    ) as is_rival_outflow_new_before_obs,
    cast(observed.observation_date as date) as observation_date
from observed
inner join {{ ref('fct_customer_rolling_month') }} as rolling
    on observed.customer_key = rolling.customer_key and observed.month_date = rolling.month_date
left join {{ ref('fct_customer_rolling_month') }} as earlier
    on observed.customer_key = earlier.customer_key
    and {{ month_ended_before('observed.month_date', 3) }} = earlier.month_date
left join moved
    on observed.customer_key = moved.customer_key
    and observed.month_date = moved.month_date
    and {{ in_series_of('moved', 'observed.month_date') }}
left join account_total
    on observed.customer_key = account_total.customer_key and observed.month_date = account_total.month_date
