-- One row per subject with a target, measure and month of the target's period that has figures.
{#- Whose figure, which one, where it is from, whose number it goes by, and how it is reckoned. -#}
{%- set deposits = "sum(case when pillar_code = 'liability' then closing_balance_amount else 0 end)" %}
{%- set loans = "sum(case when pillar_code = 'asset' then closing_balance_amount else 0 end)" %}
{%- set measures = [
    ('bank', 'deposit_balance', 'account', none, deposits),
    ('bank', 'loan_balance', 'account', none, loans),
    ('bank', 'account_opening', 'opening', none, 'sum(opening_count)'),
    ('bank', 'customer_count', 'party', none, 'count(distinct party_key)'),
    ('bank', 'campaign_count', 'campaign', none, 'count(*)'),
    ('organisation', 'deposit_balance', 'account', 'organisation_id', deposits),
    ('organisation', 'loan_balance', 'account', 'organisation_id', loans),
    ('organisation', 'account_opening', 'opening', 'organisation_id', 'sum(opening_count)'),
    ('team', 'customer_count', 'party', 'team_id', 'count(distinct party_key)'),
    ('team', 'account_opening', 'opening', 'team_id', 'sum(opening_count)'),
    ('employee', 'customer_count', 'party', 'employee_id', 'count(distinct party_key)'),
    ('employee', 'account_opening', 'opening', 'employee_id', 'sum(opening_count)'),
] %}
with month as (
    select distinct month_date from {{ ref('mart_performance__manager_month') }}
),

account as (
    select
        unit.organisation_id,
        month.month_date,
        product.pillar_code,
        month.closing_balance_amount
    from {{ ref('fct_account_month') }} as month
    inner join {{ ref('dim_product') }} as product on month.product_fk = product.product_pk
    inner join {{ ref('dim_organisation') }} as unit on month.organisation_fk = unit.organisation_pk
),

kept as (
    select
        manager.employee_id,
        team.team_id,
        manager.month_date
    from {{ ref('mart_performance__manager_month') }} as manager
    inner join {{ ref('dim_team') }} as team on manager.team_fk = team.team_pk
),

-- Of a team is what its members of that day opened, of a unit what is kept there.
opening as (
    select
        unit.organisation_id,
        opened.team_id,
        opened.employee_id,
        opened.month_date,
        opened.opening_count
    from {{ ref('fct_opening') }} as opened
    inner join {{ ref('dim_organisation') }} as unit on opened.organisation_fk = unit.organisation_pk
),

-- Whoever holds several numbers is one customer, as far as the bank knows today.
party as (
    select
        manager.employee_id,
        kept.team_id,
        month.month_date,
        coalesce(bridge.party_key, month.customer_key) as party_key
    from {{ ref('fct_customer_month') }} as month
    inner join {{ ref('dim_customer') }} as customer on month.customer_fk = customer.customer_pk
    inner join {{ ref('dim_employee') }} as manager on customer.manager_fk = manager.employee_pk
    left join kept on manager.employee_id = kept.employee_id and month.month_date = kept.month_date
    left join {{ ref('bridge_party') }} as bridge on month.customer_key = bridge.customer_key and bridge.is_current
    where customer.status_code <> 'closed'
),

campaign as (
    select
        campaign_id,
        min({{ month_first('campaign_start_date') }}) as month_date
    from {{ ref('fct_campaign_member') }}
    group by campaign_id
),

-- A branch without its outlets, as they have targets of their own.
measured as (
    {%- for subject, measure, relation, id, figure in measures %}
    select
        '{{ subject }}' as subject_type_code,
        {{ id or 'cast(null as ' ~ t_string() ~ ')' }} as subject_id,
        '{{ measure }}' as measure_code,
        month_date,
        cast({{ figure }} as decimal(18, 4)) as actual_value
    from {{ relation }}
    group by {{ id ~ ', ' if id }}month_date
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- A level is what stands at the month's end, a flow what came since the period began.
reached as (
    select
        target.subject_type_code,
        target.subject_id,
        target.measure_code,
        target.period_start_date,
        target.period_end_date,
        cast(target.target_value as decimal(24, 4)) * rule.required_rate as required_value,
        target.target_value,
        month.month_date,
        sum(
            case
                when rule.basis_code = 'flow' or measured.month_date = month.month_date
                    then measured.actual_value
                else 0
            end
        ) as actual_value
    from {{ ref('fct_target') }} as target
    inner join month
        on target.period_start_date <= {{ month_last('month.month_date') }}
        and target.period_end_date >= month.month_date
    inner join {{ ref('target_rule') }} as rule
        on target.measure_code = rule.measure_code
        and rule.subject_type_code in ('*', target.subject_type_code)
        and {{ as_at('rule', month_reached('month.month_date')) }}
    left join measured
        on target.measure_code = measured.measure_code
        and target.subject_type_code = measured.subject_type_code
        and (target.subject_type_code = 'bank' or target.subject_id = measured.subject_id)
        and measured.month_date >= {{ month_first('target.period_start_date') }}
        and month.month_date >= measured.month_date
    group by
        target.subject_type_code, target.subject_id, target.measure_code, target.period_start_date,
        target.period_end_date, target.target_value, rule.required_rate, month.month_date
)

select
    cast(subject_type_code as {{ t_string() }}) as subject_type_code,
    cast(subject_id as {{ t_string() }}) as subject_id,
    cast(measure_code as {{ t_string() }}) as measure_code,
    cast(period_start_date as date) as period_start_date,
    cast(period_end_date as date) as period_end_date,
    cast(target_value as decimal(18, 4)) as target_value,
    cast(required_value as decimal(18, 4)) as required_value,
    cast(coalesce(actual_value, 0) as decimal(18, 4)) as actual_value,
    cast(
        case when required_value > 0 then cast(coalesce(actual_value, 0) as double) / cast(required_value as double) end
        as decimal(12, 6)
    ) as progress_rate,
    cast(
        cast({{ days_between('period_start_date', add_days(month_reached('month_date'), 1)) }} as double)
        / {{ days_between('period_start_date', add_days('period_end_date', 1)) }} as decimal(12, 6)
    ) as elapsed_rate,
    cast(month_date as date) as month_date
from reached
