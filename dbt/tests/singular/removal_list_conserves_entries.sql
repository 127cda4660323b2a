{{ config(meta={
    'owner': 'general office',
    'message': 'Entries of the old ledgers are not all kept, removed or disputed. 旧台账条数不等于保留、剔除与争议之和。',
}) }}
-- One row, where the newest list of old ledgers holds other entries than were kept, removed and disputed.
with delivered as (
    select count(distinct ledger_row_id) as entry_count
    from {{ ref('stg_survey__legacy_ledger') }}
    where {{ in_last_list(ref('stg_survey__legacy_ledger')) }}
),

judged as (
    select
        count(*) as entry_count,
        coalesce(sum(case when verdict_code = 'kept' then 1 else 0 end), 0) as kept_count,
        coalesce(sum(case when verdict_code = 'removed' then 1 else 0 end), 0) as removed_count,
        coalesce(sum(case when verdict_code = 'disputed' then 1 else 0 end), 0) as disputed_count
    from {{ ref('fct_merchant_removal') }}
)

select
    delivered.entry_count as delivered_count,
    judged.kept_count,
    judged.removed_count,
    judged.disputed_count
from delivered
cross join judged
where
    delivered.entry_count <> judged.kept_count + judged.removed_count + judged.disputed_count
    or judged.entry_count <> delivered.entry_count
