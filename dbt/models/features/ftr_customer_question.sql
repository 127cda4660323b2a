-- One row per customer, observation date and question that he is asked there: whether it came true, once
-- that is known.
{{ partitioned_from_month('observation_date') }}
{%- set first_month = questions_rebuilt_from('ftr_customer_question') %}
with observed as (
    select
        feature.customer_key,
        feature.observation_date,
        {{ month_first('feature.observation_date') }} as month_date
    from {{ ref('ftr_customer') }} as feature
    where {{ in_rebuilt(month_first('feature.observation_date'), first_month) }}
),

asked as (
    select
        observed.customer_key,
        observed.observation_date,
        observed.month_date,
        rule.label_code,
        rule.kind_code,
        rule.product_group_code,
        {{ add_months_to('observed.month_date', 'rule.horizon_months') }} as horizon_date
    from observed
    inner join {{ ref('question_rule') }} as rule on {{ as_at('rule', 'observed.observation_date') }}
),

lent as (
    select
        exposure.customer_key,
        exposure.month_date,
        max(case when {{ is_lent_to('exposure') }} then 1 else 0 end) = 1 as is_borrower,
        max(case when bad.five_class_code is not null then 1 else 0 end) = 1 as is_defaulted
    from {{ ref('fct_exposure_month') }} as exposure
    left join {{ ref('default_class') }} as bad
        on exposure.five_class_code = bad.five_class_code
        and {{ as_at('bad', month_reached('exposure.month_date')) }}
    where {{ in_rebuilt('exposure.month_date', first_month) }}
    group by exposure.customer_key, exposure.month_date
),

lent_on as (
    select
        customer_key,
        month_date,
        is_borrower and not is_defaulted as may_default,
        {{ first_month_after('is_defaulted') }} as default_month_date
    from lent
),

-- As the account stands now: when it was opened and closed is no matter of what was known when.
account as (
    select
        account.customer_key,
        placed.product_group_code,
        placed.valid_from_date,
        placed.valid_to_date,
        coalesce(account.opened_date, account.valid_from_date) as opened_date,
        coalesce(account.closed_date, {{ open_valid_date() }}) as closed_date
    from {{ ref('dim_account') }} as account
    inner join {{ ref('bridge_product_group') }} as placed on account.product_fk = placed.product_fk
    where account.is_current
),

bought as (
    select
        asked.customer_key,
        asked.observation_date,
        asked.label_code,
        max(
            case
                when account.opened_date <= asked.observation_date and account.closed_date > asked.observation_date
                    then 1
                else 0
            end
        ) = 1 as is_held,
        min(case when account.opened_date > asked.observation_date then account.opened_date end) as opened_date
    from asked
    inner join account
        on asked.customer_key = account.customer_key
        and asked.product_group_code = account.product_group_code
        and {{ as_at('account', 'asked.observation_date') }}
    group by asked.customer_key, asked.observation_date, asked.label_code
),

answered as (
    select
        asked.customer_key,
        asked.observation_date,
        asked.label_code,
        case
            when asked.kind_code = 'default' then coalesce(lent_on.may_default, false)
            else not coalesce(bought.is_held, false)
        end as is_asked,
        case
            when asked.kind_code = 'default' then lent_on.default_month_date
            else {{ month_first('bought.opened_date') }}
        end as event_month_date,
        asked.horizon_date,
        -- What the day itself did not know must be of whole months, and those over.
        asked.observation_date = {{ month_last('asked.month_date') }}
        and {{ month_last('asked.horizon_date') }} <= {{ business_date() }} as is_known
    from asked
    left join lent_on on asked.customer_key = lent_on.customer_key and asked.month_date = lent_on.month_date
    left join bought
        on asked.customer_key = bought.customer_key
        and asked.observation_date = bought.observation_date
        and asked.label_code = bought.label_code
)

select
    cast(customer_key as bigint) as customer_key,
    cast(label_code as {{ t_string() }}) as label_code,
    cast(case when is_known then coalesce(event_month_date <= horizon_date, false) end as boolean) as is_event,
    cast(case when is_known and event_month_date <= horizon_date then event_month_date end as date)
        as event_month_date,
    cast(case when is_known then {{ month_last('horizon_date') }} end as date) as known_date,
    cast(observation_date as date) as observation_date
from answered
where is_asked
