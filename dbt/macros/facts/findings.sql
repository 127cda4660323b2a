{#-
The rows of a feed that the night itself writes, of each month's last writing alone: three tables for a
`with`, the last of them `latest`. A night finds anew every time, and a month keeps what its last one found.
Where several write one feed, each by the columns of `per` has a last writing of its own; `only` leaves
rows of the feed out.
-#}
{% macro findings_of_month(staged, key, figures, first_month, per=[], only='1 = 1') -%}
writing as (
    select
        {%- for column in per %}
        {{ column }},
        {%- endfor %}
        max(observation_date) as observation_date
    from {{ staged }}
    where
        observation_date <= {{ business_date() }}
        and {{ only }}
        {%- if first_month %}
        and {{ from_month_on('observation_date', first_month) }}
        {%- endif %}
    group by {{ (per + [month_first('observation_date')]) | join(', ') }}
),

delivered as (
    select staged.*
    from {{ staged }} as staged
    inner join writing
        on staged.observation_date = writing.observation_date
        {%- for column in per %}
        and staged.{{ column }} = writing.{{ column }}
        {%- endfor %}
    where {{ only }}
),

latest as (
    {{ pick_latest_small('delivered', key=key, columns=figures) }}
)
{%- endmacro %}

{#- The product group that a model's score is the propensity of; null where it is a score of something else. -#}
{% macro propensity_group(model_name) -%}
    {%- set prefix = 'propensity_' -%}
    case
        when substr({{ model_name }}, 1, {{ prefix | length }}) = '{{ prefix }}'
            then substr({{ model_name }}, {{ prefix | length + 1 }})
    end
{%- endmacro %}
