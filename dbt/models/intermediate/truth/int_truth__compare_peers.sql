-- One row per borrower, period and figure declared: its measure beside those of his peers, their quartiles
-- and the bounds of what is usual.
{%- set group_key = ['period_start_date', 'period_end_date', 'figure_code', 'level_number', 'group_code'] %}
with seen as (
    select
        declaration.*,
        flow.months_count,
        coalesce(flow.seen_amount, 0) as seen_amount,
        case
            when flow.whole_weight > 0
                then {{ from_units(div_units_wide('flow.seen_weight', 'flow.whole_weight', 4), 4) }}
            else 0
        end as covered_rate,
        -- What would have been paid in had the whole period been seen.
        case when flow.seen_weight > 0 then {{ from_units(div_units_wide(
            cents('flow.seen_amount') ~ ' * cast(flow.whole_weight as decimal(38, 0))', 'flow.seen_weight'
        ), 2) }} end as flow_amount
    from {{ ref('int_truth__list_declaration') }} as declaration
    left join {{ ref('int_truth__measure_flow') }} as flow
        on declaration.customer_key = flow.customer_key
        and declaration.period_start_date = flow.period_start_date
        and declaration.period_end_date = flow.period_end_date
),

-- The share of what he declares that is paid in with us; of a margin the margin itself. What is unusable is nobody's
-- peer.
measured as (
    select
        seen.*,
        case
            when seen.unusable_code is not null then null
            when seen.basis_code = 'peers' then seen.declared_value
            when
                seen.declared_value > 0
                and seen.covered_rate >= seen.minimum_covered_rate
                and seen.flow_amount >= seen.minimum_flow_amount * seen.months_count
                then {{ from_units(div_units_wide(
                    wide_units('seen.flow_amount', 4), wide_units('seen.declared_value', 4), 4
                ), 4) }}
        end as measure_value
    from seen
),

-- First his branch of trade among shops or among firms, then all shops or all firms.
placed as (
    select
        measured.*,
        1 as level_number,
        measured.peer_kind_code || ' ' || measured.industry_group_code as group_code
    from measured
    where measured.industry_group_code is not null
    union all
    select
        measured.*,
        2 as level_number,
        measured.peer_kind_code as group_code
    from measured
),

ranked as (
    select
        placed.*,
        row_number() over (
            partition by {{ group_key | join(', ') }}
            order by placed.measure_value, placed.customer_key
        ) as measure_rank,
        count(*) over (partition by {{ group_key | join(', ') }}) as peer_count
    from placed
    where placed.measure_value is not null and placed.group_code is not null
),

quartile as (
    select
        {{ group_key | join(', ') }},
        {%- for part, name in [(1, 'lower'), (2, 'middle'), (3, 'upper')] %}
        max(case when measure_rank = {{ idiv(part ~ ' * peer_count + 3', 4) }} then cast(measure_value as double) end)
            as {{ name }},
        {%- endfor %}
        max(peer_count) as peer_count
    from ranked
    group by {{ group_key | join(', ') }}
),

-- Shares spread by factors, margins by differences.
bounded as (
    select
        placed.*,
        coalesce(quartile.peer_count, 0) as peer_count,
        quartile.middle,
        {%- for side, name in [('lower', 'least'), ('upper', 'most')] %}
        {{ usual_bound('placed.basis_code', 'quartile.middle', 'quartile.' ~ side, 'placed.fence_count') }}
            as {{ name }},
        {%- endfor %}
        row_number() over (
            partition by
                placed.customer_key, placed.period_start_date, placed.period_end_date, placed.figure_code
            order by
                case when quartile.peer_count >= placed.minimum_peer_count then placed.level_number end nulls last,
                placed.level_number desc
        ) as level_rank
    from placed
    left join quartile
        on placed.period_start_date = quartile.period_start_date
        and placed.period_end_date = quartile.period_end_date
        and placed.figure_code = quartile.figure_code
        and placed.level_number = quartile.level_number
        and placed.group_code = quartile.group_code
)

select
    bounded.customer_key,
    bounded.customer_pk,
    bounded.employee_id,
    bounded.period_start_date,
    bounded.period_end_date,
    bounded.declared_date,
    bounded.unusable_code,
    bounded.figure_code,
    bounded.figure_name_zh,
    bounded.figure_name_en,
    bounded.industry_code,
    bounded.basis_code,
    bounded.declared_value,
    bounded.months_count,
    bounded.seen_amount,
    bounded.flow_amount,
    bounded.covered_rate,
    bounded.measure_value,
    bounded.group_code,
    bounded.peer_count,
    bounded.minimum_peer_count,
    bounded.minimum_flow_amount,
    bounded.minimum_covered_rate,
    cast(bounded.middle as decimal(18, 4)) as peer_value,
    cast(bounded.least as decimal(18, 4)) as peer_low_value,
    cast(bounded.most as decimal(18, 4)) as peer_high_value
from bounded
where bounded.level_rank = 1
