-- One row per unit, ledger account, currency and month, whatever day of it the ledger names as its last:
-- unit and line are those of the month's end, as in account months.
-- A month whose last day was mended is one month.
with latest as (
    {{ pick_latest_small(
        ref('stg_ledger__gl_balance'),
        key=['organisation_id', 'gl_account_code', 'currency_code', month_first('month_end_date')],
        latest_by='month_end_date',
        columns=[
            'organisation_id', 'gl_account_code', 'gl_account_name', 'currency_code',
            'month_end_date', 'opening_amount', 'debit_amount', 'credit_amount', 'closing_amount',
        ],
    ) }}
),

balance as (
    select
        latest.*,
        {{ month_first('month_end_date') }} as month_date
    from latest
),

organisation as (
    {{ carried_versions(ref('dim_organisation'), 'organisation', 'organisation_id') }}
),

-- The longest prefix of the account says which line of the statements it belongs to.
mapped as (
    select
        account.gl_account_code,
        account.month_date,
        rule.statement_line_code,
        rule.statement_side_code,
        row_number() over (
            partition by account.gl_account_code, account.month_date
            order by length(rule.gl_account_prefix) desc, rule.gl_account_prefix, rule.valid_from_date
        ) as fit_rank
    from (
        select distinct
            gl_account_code,
            month_date
        from balance
    ) as account
    inner join {{ ref('gl_account_map') }} as rule
        on substr(account.gl_account_code, 1, length(rule.gl_account_prefix)) = rule.gl_account_prefix
        and {{ as_at('rule', month_reached('account.month_date')) }}
)

select
    cast(coalesce(organisation.organisation_pk, {{ var('unassigned_pk') }}) as bigint)
        as organisation_fk,
    cast(balance.organisation_id as {{ t_string() }}) as organisation_id,
    cast(balance.gl_account_code as {{ t_string() }}) as gl_account_code,
    cast(balance.gl_account_name as {{ t_string() }}) as gl_account_name,
    cast(mapped.statement_line_code as {{ t_string() }}) as statement_line_code,
    cast(mapped.statement_side_code as {{ t_string() }}) as statement_side_code,
    cast(balance.currency_code as {{ t_string() }}) as currency_code,
    cast(balance.month_end_date as date) as month_end_date,
    cast(balance.opening_amount as decimal(18, 2)) as opening_amount,
    cast(balance.debit_amount as decimal(18, 2)) as debit_amount,
    cast(balance.credit_amount as decimal(18, 2)) as credit_amount,
    cast(balance.closing_amount as decimal(18, 2)) as closing_amount,
    cast(balance.month_date as date) as month_date
from balance
left join organisation
    on balance.organisation_id = organisation.organisation_id
    and {{ as_at('organisation', month_reached('balance.month_date')) }}
left join mapped
    on balance.gl_account_code = mapped.gl_account_code
    and balance.month_date = mapped.month_date
    and mapped.fit_rank = 1
