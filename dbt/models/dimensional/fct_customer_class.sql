-- One row per customer and stretch of days with his class, cut at month ends: the class by rule or by hand,
-- with the evidence.
{{ partitioned_from_month('month_date') }}
{%- set first_month = rebuilt_from('fct_customer_class') %}
{%- set blanks = {
    '{deposit}': as_text('graded.deposit_amount'), '{intent}': as_text('graded.intent_amount'),
    '{intent_date}': as_text('graded.intent_date'), '{score}': as_text('graded.relation_score'),
    '{external}': as_text('graded.external_amount'), '{resource}': as_text('graded.resource_count'),
    '{decided_date}': as_text('graded.decided_date'),
} %}
with evidence as (
    select * from {{ ref('int_file__gather_evidence') }}
),

rule as (
    select * from {{ ref('customer_class_rule') }}
),

met as (
    select
        evidence.customer_key,
        evidence.month_date,
        rule.class_code,
        rule.evidence_code,
        row_number() over (
            partition by evidence.customer_key, evidence.month_date
            order by rule.order_number, rule.evidence_code
        ) as rule_rank
    from evidence
    inner join rule
        on {{ as_at('rule', 'evidence.observation_date') }}
        and rule.order_number > 0
        and coalesce(evidence.deposit_amount, 0)
        >= coalesce(rule.minimum_deposit_amount, coalesce(evidence.deposit_amount, 0))
        and (rule.minimum_intent_amount is null or (
            evidence.intent_amount >= rule.minimum_intent_amount
            and evidence.intent_age_days <= rule.intent_days
        ))
        and (rule.minimum_relation_score is null or (
            evidence.relation_score >= rule.minimum_relation_score
            and evidence.contact_count >= rule.minimum_contact_count
        ))
        and (rule.minimum_external_amount is null or evidence.external_amount >= rule.minimum_external_amount)
        and (rule.minimum_resource_count is null or evidence.resource_count >= rule.minimum_resource_count)
        and (not coalesce(rule.is_without_product, false) or evidence.product_count = 0)
),

decision as (
    select *
    from {{ last_of_day(
        ref('stg_fieldwork__customer_override'),
        key=['customer_id', 'valid_from_date'],
        columns=['class_code', 'reason_code', 'valid_to_date'],
    ) }} as listed
),

judged_month as (
    select distinct
        month_date,
        observation_date
    from evidence
),

list_day as (
    select distinct business_date from decision
),

-- The list that a month's last day knew: what a later one takes back held until then.
list_of_month as (
    select
        judged_month.month_date,
        max(list_day.business_date) as business_date
    from judged_month
    inner join list_day on judged_month.observation_date >= list_day.business_date
    group by judged_month.month_date
),

-- Of several decisions that hold on a day the last.
decided as (
    select
        evidence.customer_key,
        evidence.month_date,
        decision.class_code,
        decision.reason_code,
        decision.valid_from_date as decided_date,
        row_number() over (
            partition by evidence.customer_key, evidence.month_date
            order by decision.valid_from_date desc, decision.customer_id
        ) as decision_rank
    from decision
    inner join list_of_month on decision.business_date = list_of_month.business_date
    inner join {{ ref('int_customer__assign_key') }} as assigned
        on decision.customer_id = assigned.customer_id
    inner join evidence
        on assigned.customer_key = evidence.customer_key
        and list_of_month.month_date = evidence.month_date
        and decision.valid_from_date <= evidence.observation_date
        and coalesce(decision.valid_to_date, {{ open_valid_date() }}) > evidence.observation_date
),

graded as (
    select
        evidence.*,
        met.class_code as rule_class_code,
        coalesce(decided.class_code, met.class_code) as class_code,
        case when decided.class_code is null then met.evidence_code else 'set_by_hand' end as evidence_code,
        decided.reason_code,
        decided.decided_date
    from evidence
    inner join met
        on evidence.customer_key = met.customer_key
        and evidence.month_date = met.month_date
        and met.rule_rank = 1
    left join decided
        on evidence.customer_key = decided.customer_key
        and evidence.month_date = decided.month_date
        and decided.decision_rank = 1
)

select
    cast(graded.customer_fk as bigint) as customer_fk,
    cast(graded.customer_key as bigint) as customer_key,
    cast(graded.days_count as int) as days_count,
    cast(graded.class_code as {{ t_string() }}) as class_code,
    cast(graded.rule_class_code as {{ t_string() }}) as rule_class_code,
    cast(graded.evidence_code as {{ t_string() }}) as evidence_code,
    cast(graded.reason_code as {{ t_string() }}) as reason_code,
    {%- for language in ['zh', 'en'] %}
    {%- set said = namespace(text='template.evidence_text_' ~ language) %}
    {%- for blank, value in blanks.items() %}
    {%- set said.text = 'replace(' ~ said.text ~ ", '" ~ blank ~ "', coalesce(" ~ value ~ ", ''))" %}
    {%- endfor %}
    cast(
        replace({{ said.text }}, '{reason}', coalesce(reason.name_{{ language }}, '')) as {{ t_string() }}
    ) as evidence_text_{{ language }},
    {%- endfor %}
    cast(graded.month_date as date) as valid_from_date,
    cast({{ add_months_to('graded.month_date', 1) }} as date) as valid_to_date,
    cast(graded.observation_date as date) as known_from_date,
    cast(graded.month_date as date) as month_date
from graded
inner join rule as template
    on graded.evidence_code = template.evidence_code
    and graded.class_code = template.class_code
    and {{ as_at('template', 'graded.observation_date') }}
left join {{ ref('code_name') }} as reason
    on graded.reason_code = reason.code
    and reason.entity_name = 'customer_override'
    and reason.column_name = 'reason_code'
