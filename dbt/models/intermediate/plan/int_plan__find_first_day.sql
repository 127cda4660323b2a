-- One row per measure of the year's plan that the records count, with the first day from which they do.
{%- set feeds = {
    'visit': 'stg_fieldwork__visit',
    'survey_form': 'stg_survey__form',
    'callback': 'stg_fieldwork__callback',
    'campaign': 'stg_marketing__campaign_member',
} %}
{%- for measure, feed in feeds.items() %}
select
    '{{ measure }}' as measure_code,
    -- The first delivery is of its month, whichever day of it it bears.
    {{ month_first('min(business_date)') }} as first_date
from {{ ref(feed) }}
where business_date <= {{ business_date() }}
union all
{%- endfor %}
-- Openings are judged by their balances, so they are known with the first month that has figures.
select
    'account_opening' as measure_code,
    min(month_date) as first_date
from {{ ref('fct_account_month') }}
