-- One row per pair of customer numbers that may be one customer, with the evidence by field.
{#- Each night lists its parties, also where no pair is left to list. -#}
{%- set fields = ['document', 'person_name', 'firm_name', 'mobile', 'address', 'birth', 'district'] %}
{%- set columns = [
    'left_key', 'right_key', 'observation_date', 'decision_code', 'reason_code', 'is_linked',
    'match_weight', 'match_probability',
] %}
{%- for field in fields %}
{%- do columns.extend([field ~ '_level_code', field ~ '_weight']) %}
{%- endfor %}
with latest as (
    {{ pick_latest_small(
        ref('stg_ml__customer_pair'),
        key=['left_key', 'right_key'],
        columns=columns,
        where=in_last_list(ref('stg_ml__customer_party')),
    ) }}
),

current_customer as (
    select
        customer_key,
        organisation_fk
    from {{ ref('dim_customer') }}
    where is_current
),

placed as (
    select
        latest.*,
        ours.organisation_fk <> theirs.organisation_fk as is_cross_branch
    from latest
    left join current_customer as ours on latest.left_key = ours.customer_key
    left join current_customer as theirs on latest.right_key = theirs.customer_key
)

select
    cast(left_key as bigint) as left_key,
    cast(right_key as bigint) as right_key,
    cast(observation_date as date) as observation_date,
    cast(decision_code as {{ t_string() }}) as decision_code,
    cast(reason_code as {{ t_string() }}) as reason_code,
    cast(is_linked as boolean) as is_linked,
    cast(coalesce(is_cross_branch, false) as boolean) as is_cross_branch,
    cast(match_weight as double) as match_weight,
    cast(match_probability as double) as match_probability,
    {%- for field in fields %}
    cast({{ field }}_level_code as {{ t_string() }}) as {{ field }}_level_code,
    cast({{ field }}_weight as double) as {{ field }}_weight,
    {%- endfor %}
    cast(1 as int) as pair_count
from placed
