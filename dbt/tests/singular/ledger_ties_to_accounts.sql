{{ config(meta={
    'owner': 'finance',
    'message': 'A ledger account does not close at the sum of its accounts; crm reconcile shows which. 总账余额与分户账合计不平，请用 crm reconcile 查看。',
}) }}
-- One row per unit, ledger account, currency and month that does not close at what its accounts hold.
-- Nothing to compare, no row, where the bank delivers no ledger.
select
    organisation_id,
    gl_account_code,
    currency_code,
    month_date,
    ledger_amount,
    account_amount
from {{ ref('fct_balance_recon_month') }}
where {{ touched('month_date', 'month', always=True) }} and difference_amount <> 0
