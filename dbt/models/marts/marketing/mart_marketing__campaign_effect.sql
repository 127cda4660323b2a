-- One row per judged campaign and tenth of its customers by uplift, or one row that says why it is not judged.
{{ config(tags=['after_scores']) }}
with newest as (
    select
        campaign_id,
        max(month_date) as month_date
    from {{ ref('fct_campaign_uplift_month') }}
    group by campaign_id
)

select
    cast(uplift.campaign_id as {{ t_string() }}) as campaign_id,
    cast(coalesce(part.tenth, 0) as int) as tenth,
    cast(uplift.month_date as date) as month_date,
    cast(uplift.observation_date as date) as observation_date,
    cast(campaign.campaign_name as {{ t_string() }}) as campaign_name,
    cast(campaign.effect_code as {{ t_string() }}) as effect_code,
    cast(campaign.effect_name_zh as {{ t_string() }}) as effect_name_zh,
    cast(coalesce(campaign.is_success, false) as boolean) as is_success,
    cast(uplift.qini as double) as qini,
    cast(uplift.qini_low as double) as qini_low,
    cast(uplift.qini_high as double) as qini_high,
    cast(uplift.lot_difference as double) as lot_difference,
    cast(uplift.lot_difference_column as {{ t_string() }}) as lot_difference_column,
    cast(coalesce(part.treated_count, uplift.treated_count) as bigint) as treated_count,
    cast(part.treated_converted_count as bigint) as treated_converted_count,
    cast(coalesce(part.control_count, uplift.control_count) as bigint) as control_count,
    cast(part.control_converted_count as bigint) as control_converted_count,
    cast(
        cast(part.treated_converted_count as double) / nullif(part.treated_count, 0)
        - cast(part.control_converted_count as double) / nullif(part.control_count, 0) as double
    ) as uplift_rate,
    cast(part.mean_uplift as double) as mean_uplift,
    cast(uplift.note_zh as {{ t_string() }}) as note_zh,
    cast(uplift.note_en as {{ t_string() }}) as note_en
from {{ ref('fct_campaign_uplift_month') }} as uplift
inner join newest on uplift.campaign_id = newest.campaign_id and uplift.month_date = newest.month_date
left join {{ ref('mart_marketing__campaign') }} as campaign on uplift.campaign_id = campaign.campaign_id
left join {{ ref('fct_campaign_tenth_month') }} as part
    on uplift.campaign_id = part.campaign_id
    and uplift.month_date = part.month_date
    and uplift.observation_date = part.observation_date
