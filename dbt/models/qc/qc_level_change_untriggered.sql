-- One row per change of a customer's level that nothing called for: no trigger within the days that the
-- rule looks back on.
select
    level.customer_fk,
    level.customer_key,
    level.manager_fk,
    level.earlier_level_code,
    level.level_code,
    level.change_code,
    level.valid_from_date
from {{ ref('fct_customer_level') }} as level
where level.change_code <> 'first' and level.trigger_date is null
