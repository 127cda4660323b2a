-- One row per unit and month: by how much the sums of a unit's accounts, turned into yuan in one go as its
-- ledger is, differ from its accounts turned into yuan one by one.
{%- set lines = {
    'interest_income': 'interest_income_amount', 'interest_expense': 'interest_expense_amount', 'fee': 'fee_amount',
    'provision': 'provision_amount',
} %}
with rebuilt as (
    select min(month_date) as first_month_date from {{ ref('int_account__divide_month') }}
),

piece as (
    {%- for side in ['income', 'expense'] %}
    select
        organisation_id,
        'interest_{{ side }}' as piece_code,
        currency_code,
        original_interest_{{ side }}_amount as original_amount,
        interest_{{ side }}_amount as amount,
        month_date
    from {{ ref('int_account__book_interest') }}
    where not {{ is_own_currency('currency_code') }}
    union all
    {%- endfor %}
    select
        organisation.organisation_id,
        'fee' as piece_code,
        posting.currency_code,
        posting.fee_amount as original_amount,
        {{ in_yuan('posting.fee_amount', 'posting.currency_code', 'exchange.exchange_price') }} as amount,
        posting.month_date
    from {{ ref('fct_transaction') }} as posting
    inner join rebuilt on posting.month_date >= rebuilt.first_month_date
    inner join {{ ref('int_currency__find_rate') }} as exchange
        on posting.currency_code = exchange.currency_code and posting.month_date = exchange.month_date
    left join {{ ref('dim_organisation') }} as organisation
        on posting.organisation_fk = organisation.organisation_pk
    where posting.fee_amount <> 0 and posting.booked_date <= {{ business_date() }}
    union all
    select
        organisation.organisation_id,
        'provision' as piece_code,
        charged.currency_code,
        charged.original_loss_amount as original_amount,
        charged.loss_amount as amount,
        charged.month_date
    from {{ ref('int_profit__charge_loss') }} as charged
    left join {{ ref('fct_account_month') }} as account_month
        on charged.account_key = account_month.account_key
        and charged.month_date = account_month.month_date
    left join {{ ref('dim_organisation') }} as organisation
        on coalesce(account_month.organisation_fk, {{ var('unassigned_pk') }}) = organisation.organisation_pk
    where charged.loss_method_code = 'provision' and not {{ is_own_currency('charged.currency_code') }}
),

summed as (
    select
        organisation_id,
        piece_code,
        currency_code,
        {{ total_of('original_amount') }} as original_amount,
        {{ total_of('amount') }} as amount,
        month_date
    from piece
    group by organisation_id, piece_code, currency_code, month_date
),

translated as (
    select
        summed.organisation_id,
        summed.piece_code,
        {{ in_yuan('summed.original_amount', 'summed.currency_code', 'exchange.exchange_price') }}
        - summed.amount as amount,
        summed.month_date
    from summed
    inner join rebuilt on summed.month_date >= rebuilt.first_month_date
    inner join {{ ref('int_currency__find_rate') }} as exchange
        on summed.currency_code = exchange.currency_code and summed.month_date = exchange.month_date
)

select
    cast(organisation_id as {{ t_string() }}) as organisation_id,
    {%- for code, name in lines.items() %}
    cast({{ total_of("case when piece_code = '" ~ code ~ "' then amount else 0 end") }} as decimal(18, 2))
        as {{ name }},
    {%- endfor %}
    cast(month_date as date) as month_date
from translated
group by organisation_id, month_date
