-- One row per line of the profit statement, in its order.
select
    cast(profit_line_code as {{ t_string() }}) as profit_line_code,
    cast(line_number as int) as line_number,
    cast(profit_line_name_zh as {{ t_string() }}) as profit_line_name_zh,
    cast(profit_line_name_en as {{ t_string() }}) as profit_line_name_en,
    cast(statement_line_code as {{ t_string() }}) as statement_line_code,
    cast(is_before_tax as boolean) as is_before_tax
from {{ ref('profit_line') }}
