-- One row per account and doubt about its opening: it holds next to nothing, is one of several of a customer, or was
-- closed again at once.
with opening as (
    select
        measured.*,
        count(*) over (
            partition by measured.employee_id, measured.customer_key, measured.product_fk, measured.month_date
        ) as account_count
    from {{ ref('fct_opening') }} as measured
    where
        {{ month_last('measured.month_date') }} <= {{ business_date() }}
        -- What nobody opened brings nobody anything.
        and measured.employee_fk <> {{ var('unassigned_pk') }}
),

doubt as (
    select
        opening.*,
        'empty_account' as reason_code
    from opening
    inner join {{ ref('review_threshold') }} as least
        on least.review_code = 'opening_average' and {{ as_at('least', 'opening.opened_date') }}
    where opening.is_open and opening.average_amount < least.threshold_value
    union all
    select
        opening.*,
        'several_accounts' as reason_code
    from opening
    inner join {{ ref('review_threshold') }} as most
        on most.review_code = 'opening_same_customer' and {{ as_at('most', 'opening.opened_date') }}
    where opening.account_count >= most.threshold_value
    union all
    select
        opening.*,
        'closed_again' as reason_code
    from opening
    where not opening.is_open
)

select
    cast(account_key as bigint) as account_key,
    cast(account_fk as bigint) as account_fk,
    cast(customer_key as bigint) as customer_key,
    cast(product_fk as bigint) as product_fk,
    cast(employee_fk as bigint) as employee_fk,
    cast(team_id as {{ t_string() }}) as team_id,
    cast(reason_code as {{ t_string() }}) as reason_code,
    cast(opened_date as date) as opened_date,
    cast(average_amount as decimal(18, 2)) as average_amount,
    cast(account_count as int) as account_count,
    cast(is_counted as boolean) as is_counted,
    cast(month_date as date) as month_date
from doubt
