{#-
Why a score came out so, as a sentence that needs no second table: "存款余额为0元，低于同类客户中位数12,300元".
What a feature is called and counted in stands in the seed feature_name; what is usual is landed with it.
-#}

{#-
Two CTEs, of which the second is told_reason: the reasons that `only` picks (told: fct_customer_score_reason),
with the columns of feature_name and the sentences reason_zh and reason_en.
-#}
{% macro told_reasons(only) -%}
counted_reason as (
    select
        told.customer_key,
        told.month_date,
        told.observation_date,
        told.model_name,
        told.reason_rank,
        told.feature_name,
        told.contribution,
        told.feature_value,
        told.feature_value_code,
        told.usual_value,
        called.kind_code,
        called.name_zh,
        called.name_en,
        called.theme_code,
        called.theme_name_zh,
        called.theme_name_en,
        called.is_cause,
        {%- for language in ('zh', 'en') %}
        {%- set code_name = 'coalesce(code.name_' ~ language ~ ', band.band_name_' ~ language ~ ')' %}
        {{ reason_fact('told', 'called', code_name, language) }} as fact_{{ language }},
        {{ reason_number('told.usual_value', 'called.unit_code', language) }} as usual_{{ language }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('fct_customer_score_reason') }} as told
    inner join {{ ref('feature_name') }} as called on told.feature_name = called.feature_name
    left join {{ ref('dim_code') }} as code
        on code.entity_name in ('customer', 'loan')
        and told.feature_name = code.column_name
        and told.feature_value_code = code.code
    left join {{ ref('attribute_band') }} as band
        on told.feature_name = band.attribute_code || '_code'
        and told.feature_value_code = band.band_code
        and {{ as_at('band', 'told.observation_date') }}
    where {{ only }}
),

told_reason as (
    select
        counted_reason.*,
        name_zh || case when kind_code = 'number' and feature_value is not null then '为' else '：' end || fact_zh
        || coalesce(case
            when feature_value is null then ''
            when fact_zh = usual_zh then '，与同类客户中位数相同'
            when feature_value > usual_value then '，高于同类客户中位数' || usual_zh
            else '，低于同类客户中位数' || usual_zh
        end, '') as reason_zh,
        name_en || ': ' || fact_en
        || coalesce(case
            when feature_value is null then ''
            when fact_en = usual_en then ', as is the median of similar customers'
            when feature_value > usual_value then ', above the median of similar customers, ' || usual_en
            else ', below the median of similar customers, ' || usual_en
        end, '') as reason_en
    from counted_reason
)
{%- endmacro %}

{#- What raises each score of a customer and month most, three sentences side by side, out of told_reasons. -#}
{% macro raising_reasons() -%}
    select
        customer_key,
        month_date,
        model_name,
        {%- for rank in [1, 2, 3] %}
        max(case when reason_rank = {{ rank }} then reason_zh end) as reason_{{ rank }}_zh,
        max(case when reason_rank = {{ rank }} then reason_en end) as reason_{{ rank }}_en
        {{- ',' if not loop.last }}
        {%- endfor %}
    from told_reason
    where contribution > 0
    group by customer_key, month_date, model_name
{%- endmacro %}

{#- The recorded fact: a number in its unit, yes or no, or what a code stands for. -#}
{% macro reason_fact(told, called, code_name, language) -%}
    {%- set yes, no, nothing = ('是', '否', '无记录') if language == 'zh' else ('yes', 'no', 'nothing on record') -%}
    coalesce(
        case {{ called }}.kind_code
            when 'category' then coalesce({{ code_name }}, {{ told }}.feature_value_code)
            when 'flag' then case {{ told }}.feature_value when 1 then '{{ yes }}' when 0 then '{{ no }}' end
            else {{ reason_number(told ~ '.feature_value', called ~ '.unit_code', language) }}
        end,
        '{{ nothing }}'
    )
{%- endmacro %}

{#- Money to the yuan, shares in percent, all else whole. -#}
{% macro reason_number(value, unit, language) -%}
    {%- set words = {
        'yuan': ('元', ' yuan'), 'days': ('天', ' days'), 'months': ('个月', ' months'), 'years': ('岁', ' years'),
    } -%}
    case {{ unit }}
        when 'share' then {{ as_text('cast(' ~ value ~ ' * 100 as decimal(28, 1))') }} || '%'
        else {{ with_thousands(value) }} || case {{ unit }}
            {%- for code, word in words.items() %}
            when '{{ code }}' then '{{ word[0] if language == "zh" else word[1] }}'
            {%- endfor %}
            else ''
        end
    end
{%- endmacro %}
