{{ config(meta={
    'owner': 'data team',
    'message': 'A rule of customer events looks further back than postings are read. 客户事件规则的回看天数超出读取范围。',
}) }}
-- One row per rule whose days before an event are more than the six months that are surely read.
select
    event_code,
    party_type_code,
    look_back_days,
    silent_days
from {{ ref('event_rule') }}
where coalesce(look_back_days, 0) + coalesce(silent_days, 0) > 180
