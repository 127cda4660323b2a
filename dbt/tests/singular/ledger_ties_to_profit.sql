{{ config(meta={
    'owner': 'finance',
    'message': 'The ledger holds another amount than accounts and units bear, and nobody explains it; crm reconcile shows where. 总账与利润贡献不平且无说明，请用 crm reconcile 查看。',
}) }}
-- One row per unit, statement line, month and rule set that the ledger holds another amount for.
select
    organisation_fk,
    statement_line_code,
    rule_set_code,
    ledger_amount,
    borne_amount,
    explained_amount,
    unexplained_amount,
    month_date
from {{ ref('fct_recon_month') }}
where {{ touched('month_date', 'month', always=True) }} and unexplained_amount <> 0
