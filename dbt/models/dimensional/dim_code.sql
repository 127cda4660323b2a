-- One row per entity, code column and code, with its names in both languages.
select
    cast(entity_name as {{ t_string() }}) as entity_name,
    cast(column_name as {{ t_string() }}) as column_name,
    cast(code as {{ t_string() }}) as code,
    cast(name_zh as {{ t_string() }}) as name_zh,
    cast(name_en as {{ t_string() }}) as name_en
from {{ ref('code_name') }}
