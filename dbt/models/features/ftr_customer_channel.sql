-- One row per customer with something to lose and observation date: through which channels he came in three months.
{{ partitioned_from_month('observation_date') }}
{%- set first_month = features_rebuilt_from('ftr_customer_channel') %}
{%- set counted = ['transaction', 'branch_transaction', 'remote_transaction'] %}
{%- set by_month = 'partition by month.customer_key order by month.month_date' %}
with observed as (
    {{ observed_customers(first_month) }}
),

-- Three whole months, a running one with its days so far in addition, and the three before those.
channel as (
    select
        month.customer_key,
        {%- for name in counted %}
        {%- for word, first, last in [('', 2, 'current row'), ('earlier_', 5, '3 preceding')] %}
        {%- set months = 'sum(coalesce(posted.' ~ name ~ '_count, 0)) over (' ~ by_month ~ ' rows between ' %}
        {%- set whole = months ~ first ~ ' preceding and ' ~ last ~ ')' %}
        {%- if is_within_month() %}
        case
            when month.month_date = {{ date_literal(business_month()) }}
                then {{ months }}{{ first + 1 }} preceding and {{ last | replace('3', '4') }})
            else {{ whole }}
        end as {{ word }}{{ name }}_count,
        {%- else %}
        {{ whole }} as {{ word }}{{ name }}_count,
        {%- endif %}
        {%- endfor %}
        {%- endfor %}
        month.month_date
    from {{ ref('fct_customer_month') }} as month
    left join {{ ref('ftr_customer_channel_month') }} as posted
        on month.customer_key = posted.customer_key and month.month_date = posted.month_date
    {%- if first_month %}
    where month.month_date >= {{ date_literal(month_before(first_month, 6)) }}
    {%- endif %}
),

shared as (
    select
        customer_key,
        month_date,
        {{ share_of('cast(branch_transaction_count as bigint)', 'cast(transaction_count as bigint)') }}
            as branch_share_rate,
        {{ share_of('cast(remote_transaction_count as bigint)', 'cast(transaction_count as bigint)') }}
            as remote_share_rate,
        {{ share_of('cast(earlier_branch_transaction_count as bigint)', 'cast(earlier_transaction_count as bigint)') }}
            as earlier_branch_share_rate
    from channel
)

select
    cast(observed.customer_key as bigint) as customer_key,
    cast(shared.branch_share_rate as decimal(18, 8)) as branch_transaction_3m_share_rate_before_obs,
    cast(shared.remote_share_rate as decimal(18, 8)) as remote_transaction_3m_share_rate_before_obs,
    cast(
        {{ where_history_reaches(6, 'shared.branch_share_rate - shared.earlier_branch_share_rate') }} as decimal(18, 8)
    ) as branch_share_change_3m_rate_before_obs,
    cast(observed.observation_date as date) as observation_date
from observed
left join shared on observed.customer_key = shared.customer_key and observed.month_date = shared.month_date
