{#-
The rows of a feed that the night itself writes, of each month's last writing alone: three tables for a
`with`, the last of them `latest`. A night finds anew every time, and a month keeps what its last one found.
-#}
{% macro findings_of_month(staged, key, figures, first_month) -%}
writing as (
    select max(observation_date) as observation_date
    from {{ staged }}
    where
        observation_date <= {{ business_date() }}
        {%- if first_month %}
        and {{ from_month_on('observation_date', first_month) }}
        {%- endif %}
    group by {{ month_first('observation_date') }}
),

delivered as (
    select staged.*
    from {{ staged }} as staged
    inner join writing on staged.observation_date = writing.observation_date
),

latest as (
    {{ pick_latest_small('delivered', key=key, columns=figures) }}
)
{%- endmacro %}
