-- One row per visit that was entered as closed, after which the customer opened no account in the days of the rule.
select
    cast(visit_pk as bigint) as visit_pk,
    cast(customer_key as bigint) as customer_key,
    cast(employee_fk as bigint) as employee_fk,
    cast(team_fk as bigint) as team_fk,
    cast(visited_date as date) as visited_date,
    cast(purpose_code as {{ t_string() }}) as purpose_code,
    cast(counted_until_date as date) as counted_until_date
from {{ ref('fct_visit_closing') }}
where is_unfounded
