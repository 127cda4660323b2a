{{ config(meta={
    'owner': 'finance',
    'message': 'The lines of the profit statement in profit_line are not those that the marts add up. 利润表项目与集市汇总的项目不一致。',
}) }}
-- One row per line that profit_line and the macro statement_lines() do not both know, or of which one
-- says that income tax is paid on it and the other that it is not.
with written as (
    {%- for line in statement_lines() %}
    select
        '{{ line }}' as profit_line_code,
        {{ line in lines_before_tax() }} as is_before_tax
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    coalesce(line.profit_line_code, written.profit_line_code) as profit_line_code,
    line.is_before_tax,
    written.is_before_tax as is_written_before_tax
from {{ ref('profit_line') }} as line
full outer join written on line.profit_line_code = written.profit_line_code
where
    line.profit_line_code is null
    or written.profit_line_code is null
    or line.is_before_tax <> written.is_before_tax
