-- One row per borrower, period and figure that he declared: what is seen of it, what that stands for, and
-- whether the figure is plausible.
{%- set blanks = {
    '{figure}': 'lower(judged.figure_name_%s)',
    '{declared}': as_text('judged.declared_shown'),
    '{seen}': as_text('judged.seen_amount'),
    '{estimate}': as_text('judged.estimate_shown'),
    '{low}': as_text('judged.low_shown'),
    '{high}': as_text('judged.high_shown'),
    '{peers}': as_text('judged.peer_count'),
    '{covered}': as_text('cast(judged.covered_rate * 100 as decimal(5, 1))'),
} %}
-- The greater the share that peers have with us, the less a flow stands for.
{%- set bounds = [
    ('estimate', 'peer_value', 'peer_value'),
    ('low', 'peer_high_value', 'peer_low_value'),
    ('high', 'peer_low_value', 'peer_high_value'),
] %}
with compared as (
    select
        {%- for name, share, peer_value in bounds %}
        {{ stands_for('peer.basis_code', 'peer.flow_amount', 'peer.' ~ share, 'peer.' ~ peer_value) }}
            as {{ name }}_value,
        {%- endfor %}
        peer.*
    from {{ ref('int_truth__compare_peers') }} as peer
),

reasoned as (
    select
        compared.*,
        case
            when compared.unusable_code is not null then compared.unusable_code
            when compared.basis_code = 'flow' and compared.covered_rate < compared.minimum_covered_rate
                then 'not_covered'
            when
                compared.basis_code = 'flow'
                and coalesce(compared.flow_amount, 0) < compared.minimum_flow_amount * compared.months_count
                then 'little_flow'
            when compared.peer_count < compared.minimum_peer_count then 'few_peers'
            when compared.declared_value > compared.high_value
                then case when compared.basis_code = 'flow' then 'above_seen' else 'above_peers' end
            when compared.basis_code = 'peers' then 'within_peers'
            when compared.declared_value < compared.low_value then 'less_than_seen'
            else 'within'
        end as reason_code
    from compared
),

judged as (
    select
        {%- for name in ['declared', 'estimate', 'low', 'high'] %}
        {{ shown_figure('reasoned.basis_code', 'reasoned.' ~ name ~ '_value') }}
            as {{ name }}_shown,
        {%- endfor %}
        reasoned.*
    from reasoned
),

employee as (
    {{ carried_versions(ref('dim_employee'), 'employee', 'employee_id') }}
)

select
    cast(coalesce(judged.customer_pk, {{ var('unassigned_pk') }}) as bigint) as customer_fk,
    cast(judged.customer_key as bigint) as customer_key,
    cast(coalesce(employee.employee_pk, {{ var('unassigned_pk') }}) as bigint) as employee_fk,
    cast(judged.period_start_date as date) as period_start_date,
    cast(judged.period_end_date as date) as period_end_date,
    cast(judged.declared_date as date) as declared_date,
    cast(judged.figure_code as {{ t_string() }}) as figure_code,
    cast(judged.figure_name_zh as {{ t_string() }}) as figure_name_zh,
    cast(judged.figure_name_en as {{ t_string() }}) as figure_name_en,
    cast(judged.industry_code as {{ t_string() }}) as industry_code,
    cast(judged.group_code as {{ t_string() }}) as peer_group_code,
    cast(judged.peer_count as int) as peer_count,
    cast(judged.declared_value as decimal(18, 4)) as declared_value,
    cast(judged.seen_amount as decimal(18, 2)) as seen_amount,
    cast(judged.covered_rate as decimal(9, 4)) as covered_rate,
    cast(judged.measure_value as decimal(18, 4)) as measure_value,
    cast(judged.peer_value as decimal(18, 4)) as peer_value,
    cast(judged.estimate_value as decimal(18, 4)) as estimate_value,
    cast(judged.low_value as decimal(18, 4)) as low_value,
    cast(judged.high_value as decimal(18, 4)) as high_value,
    cast(reason.verdict_code as {{ t_string() }}) as verdict_code,
    cast(reason.verdict_name_zh as {{ t_string() }}) as verdict_name_zh,
    cast(reason.verdict_name_en as {{ t_string() }}) as verdict_name_en,
    cast(judged.reason_code as {{ t_string() }}) as reason_code,
    {%- for language in ['zh', 'en'] %}
    {%- set said = namespace(text='reason.reason_text_' ~ language) %}
    {%- for blank, value in blanks.items() %}
    {%- set said.text = 'replace(' ~ said.text ~ ", '" ~ blank ~ "', coalesce("
        ~ (value | replace('%s', language)) ~ ", '-'))" %}
    {%- endfor %}
    cast({{ said.text }} as {{ t_string() }}) as reason_text_{{ language }},
    {%- endfor %}
    cast(1 as int) as test_count
from judged
inner join {{ ref('truth_reason') }} as reason
    on judged.reason_code = reason.reason_code and {{ as_at('reason', 'judged.declared_date') }}
left join employee
    on judged.employee_id = employee.employee_id and {{ as_at('employee', 'judged.declared_date') }}
