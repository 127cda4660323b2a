-- One row per customer with something to lose and observation date: who is around him, where he is served, and
-- what his file says.
{{ partitioned_from_month('observation_date') }}
{%- set first_month = features_rebuilt_from('ftr_customer_place') %}
with observed as (
    {{ observed_customers(first_month) }}
),

-- Lost lately: lost or drifting on the day, and neither three months before, if anybody could be judged then.
state as (
    select
        rolling.customer_key,
        rolling.month_date,
        customer.district_fk,
        customer.population_type_code,
        count(earlier.is_churned_soft) over (partition by rolling.month_date) > 0 as is_judged,
        case when earlier.has_something_to_lose and not coalesce(earlier.is_churned_soft, false) then 1 else 0 end
            as stayed_count,
        case
            when earlier.has_something_to_lose and not coalesce(earlier.is_churned_soft, false)
                and (rolling.is_churned_hard or coalesce(rolling.is_churned_soft, false)) then 1
            else 0
        end as lost_count
    from {{ ref('fct_customer_rolling_month') }} as rolling
    left join {{ ref('fct_customer_rolling_month') }} as earlier
        on rolling.customer_key = earlier.customer_key
        and {{ month_ended_before('rolling.month_date', 3) }} = earlier.month_date
    left join {{ ref('dim_customer') }} as customer on rolling.customer_fk = customer.customer_pk
    where {{ in_rebuilt('rolling.month_date', first_month) }}
),

district as (
    select
        district_fk,
        population_type_code,
        month_date,
        sum(stayed_count) as stayed_count,
        sum(lost_count) as lost_count
    from state
    where district_fk <> {{ var('unassigned_pk') }} and is_judged
    group by district_fk, population_type_code, month_date
),

day as (
    select distinct
        month_date,
        observation_date
    from observed
),

belonging as (
    select
        member.customer_key,
        member.group_id,
        day.month_date
    from {{ ref('bridge_customer_group') }} as member
    inner join day on {{ as_at('member', 'day.observation_date') }}
),

-- Household, group of companies, and whoever the visits found him related to; each once.
kin as (
    select
        member.customer_key,
        other.customer_key as kin_key,
        member.month_date
    from belonging as member
    inner join belonging as other
        on member.group_id = other.group_id
        and member.month_date = other.month_date
        and member.customer_key <> other.customer_key
    {%- for who, kin in [('customer_key', 'related_customer_key'), ('related_customer_key', 'customer_key')] %}
    union
    select
        relation.{{ who }}{{ ' as customer_key' if who != 'customer_key' }},
        relation.{{ kin }} as kin_key,
        day.month_date
    from {{ ref('bridge_customer_relation') }} as relation
    inner join day on {{ as_at('relation', 'day.observation_date') }}
    {%- endfor %}
),

kin_total as (
    select
        kin.customer_key,
        kin.month_date,
        count(*) as kin_count,
        sum(state.lost_count) as lost_count
    from kin
    inner join state on kin.kin_key = state.customer_key and kin.month_date = state.month_date
    group by kin.customer_key, kin.month_date
),

told as (
    select
        told.customer_key,
        day.month_date,
        max(case when told.attribute_code = 'income_band' then told.value_code end) as income_band_code,
        max(case when told.attribute_code = 'asset_band' then told.value_code end) as asset_band_code,
        max(case when told.attribute_code = 'external_deposit' then told.value_amount end) as external_amount,
        max(case
            when told.attribute_code = 'need' and told.value_code = 'better_rate'
                and {{ in_days_up_to('told.valid_from_date', 'day.observation_date', 180) }} then 1
            else 0
        end) as rate_need_count
    from {{ ref('fct_customer_attribute') }} as told
    inner join day
        on {{ as_at('told', 'day.observation_date') }}
        and told.known_from_date <= day.observation_date
        and told.known_to_date > day.observation_date
    group by told.customer_key, day.month_date
),

version as (
    {{ carried_versions(ref('dim_customer'), 'customer', 'customer_key', ['organisation_fk']) }}
)

select
    cast(observed.customer_key as bigint) as customer_key,
    cast(coalesce(kin_total.kin_count, 0) as bigint) as kin_count_before_obs,
    cast(case when state.is_judged then coalesce(kin_total.lost_count, 0) end as bigint)
        as kin_lost_3m_count_before_obs,
    cast({{ share_of('district.lost_count', 'district.stayed_count') }} as decimal(18, 8))
        as district_lost_3m_share_rate_before_obs,
    cast(coalesce(branch.closed_date <= observed.observation_date, false) as boolean) as is_branch_closed_before_obs,
    cast(
        {{ where_history_reaches(6, 'coalesce(branch.organisation_id <> former.organisation_id, false)') }} as boolean
    ) as is_branch_changed_180d_before_obs,
    cast(told.income_band_code as {{ t_string() }}) as income_band_code,
    cast(told.asset_band_code as {{ t_string() }}) as asset_band_code,
    cast(told.external_amount as decimal(18, 2)) as external_deposit_amount_before_obs,
    cast({{ where_history_reaches(6, 'coalesce(told.rate_need_count, 0) > 0') }} as boolean)
        as has_rate_need_180d_before_obs,
    cast(observed.observation_date as date) as observation_date
from observed
inner join state on observed.customer_key = state.customer_key and observed.month_date = state.month_date
left join district
    on state.district_fk = district.district_fk
    and coalesce(state.population_type_code, '') = coalesce(district.population_type_code, '')
    and state.month_date = district.month_date
left join kin_total
    on observed.customer_key = kin_total.customer_key and observed.month_date = kin_total.month_date
left join told on observed.customer_key = told.customer_key and observed.month_date = told.month_date
left join {{ ref('dim_customer') }} as customer on observed.customer_fk = customer.customer_pk
left join {{ ref('dim_organisation') }} as branch
    on customer.organisation_fk = branch.organisation_pk and branch.organisation_pk <> {{ var('unassigned_pk') }}
left join version
    on observed.customer_key = version.customer_key
    and {{ as_at('version', add_days('observed.observation_date', -180)) }}
left join {{ ref('dim_organisation') }} as former
    on version.organisation_fk = former.organisation_pk and former.organisation_pk <> {{ var('unassigned_pk') }}
