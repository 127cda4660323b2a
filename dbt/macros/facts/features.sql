{#-
The customers who have something to lose, by observation date: what each part of the features begins
with, in a CTE of its own.
-#}
{% macro observed_customers(first_month) -%}
    select
        rolling.customer_key,
        rolling.customer_fk,
        rolling.month_date,
        rolling.observation_date,
        rolling.history_month_count
    from {{ ref('fct_customer_rolling_month') }} as rolling
    where
        rolling.has_something_to_lose
        and rolling.customer_key <> {{ var('unassigned_pk') }}
        and {{ in_rebuilt('rolling.month_date', first_month) }}
{%- endmacro %}

{#- The five classes of loans, from best to worst. -#}
{% macro five_classes() -%}
    {{ return(['normal', 'special_mention', 'substandard', 'doubtful', 'loss']) }}
{%- endmacro %}

{#- How bad a class is, from 1; null where it is none of the five. -#}
{% macro class_rank(code) -%}
    case {{ code }}
        {%- for class in five_classes() %}
        when '{{ class }}' then {{ loop.index }}
        {%- endfor %}
    end
{%- endmacro %}

{#- The class of a rank. -#}
{% macro ranked_class(rank) -%}
    case {{ rank }}
        {%- for class in five_classes() %}
        when {{ loop.index }} then '{{ class }}'
        {%- endfor %}
    end
{%- endmacro %}

{#- An exposure of the month that makes its holder a borrower: something lent or promised, and graded. -#}
{% macro is_lent_to(exposure) -%}
    {{ exposure }}.ead_amount > 0 and {{ exposure }}.five_class_code is not null
{%- endmacro %}

{#- The first month that a part of the features is rebuilt from tonight; a running month is none that is over. -#}
{% macro features_rebuilt_from(model_name) -%}
    {{ return(rebuilt_from(
        model_name, unfinished='observation_date < ' ~ month_last('observation_date'), column='observation_date'
    )) }}
{%- endmacro %}

{#- A day lies in the so many days up to another, which is the last of them. -#}
{% macro in_days_up_to(day, last_day, days) -%}
    {{ day }} <= {{ last_day }} and {{ day }} > {{ add_days(last_day, -days) }}
{%- endmacro %}

{#-
What is told from several months: null while the bank's history does not reach over all of them. A window cut short
by the history would teach a model what no later month can show it again. A running month is none of them.
-#}
{% macro where_history_reaches(months, expression) -%}
    case
        when observed.history_month_count
            {%- if is_within_month() %}
            - case when observed.month_date = {{ date_literal(business_month()) }} then 1 else 0 end
            {%- endif %} >= {{ months }} then {{ expression }}
    end
{%- endmacro %}

{#-
The month whose end lies so many months before the observation of a month. Of a running month, whose same day so long
ago is no month end, the last month end before that day.
-#}
{% macro month_ended_before(month, months) -%}
    {%- set back = '-' ~ months -%}
    {%- if is_within_month() -%}
        {%- set back = 'case when ' ~ month ~ ' = ' ~ date_literal(business_month()) ~ ' then -' ~ (months + 1)
            ~ ' else -' ~ months ~ ' end' -%}
    {%- endif -%}
    {{ add_months_to(month, back) }}
{%- endmacro %}

{#-
Deposits of customers at month ends; within a month beside them, as a series of its own, those on the same day of this
month and of the six before it. What compares months within a series compares whole months.
-#}
{% macro deposits_by_month(first_month) -%}
    {#- Named on every day, so that the order of the night does not hang on the date. -#}
    {%- set deposit_day = ref('fct_customer_deposit_day') %}
    select
        customer_key,
        month_date,
        false as is_same_day,
        deposit_closing_amount
    from {{ ref('fct_customer_month') }}
    {%- if first_month %}
    where month_date >= {{ date_literal(month_before(first_month, 6)) }}
    {%- endif %}
    {%- if is_within_month() %}
    union all
    select
        customer_key,
        month_date,
        true as is_same_day,
        deposit_closing_amount
    from {{ ref('fct_customer_month') }}
    where month_date = {{ date_literal(business_month()) }}
    union all
    select
        customer_key,
        month_date,
        true as is_same_day,
        deposit_amount as deposit_closing_amount
    from {{ deposit_day }}
    {%- endif %}
{%- endmacro %}

{#- Columns of deposits_by_month that part its series; at a month's end there is one only. -#}
{% macro series_key() -%}customer_key{{ ', is_same_day' if is_within_month() }}{%- endmacro %}

{#- The condition that a row of deposits_by_month is of the series that a month is compared in. -#}
{% macro in_series_of(series, month) -%}
    {%- if is_within_month() -%}
        {{ series }}.is_same_day = ({{ month }} = {{ date_literal(business_month()) }})
    {%- else -%}
        not {{ series }}.is_same_day
    {%- endif -%}
{%- endmacro %}

{#- The features that the parts of ftr_customer bring, by part: of the same customers and dates, or of some of them. -#}
{% macro feature_parts() -%}
    {{ return({
        'ftr_customer_money': [
            'deposit_change_1m_rate_before_obs',
            'deposit_volatility_6m_rate_before_obs',
            'deposit_peak_6m_share_rate_before_obs',
            'demand_deposit_share_rate_before_obs',
            'deposit_maturing_30d_amount_before_obs',
            'deposit_maturing_90d_amount_before_obs',
            'deposit_maturing_90d_share_rate_before_obs',
            'loan_maturing_90d_amount_before_obs',
            'deposit_rate_gap_rate_before_obs',
            'rival_outflow_90d_share_rate_before_obs',
            'rival_outflow_prior_90d_amount_before_obs',
            'is_rival_outflow_new_before_obs',
        ],
        'ftr_customer_loan': [
            'five_class_code',
            'loan_overdue_days_before_obs',
            'loan_late_6m_count_before_obs',
            'loan_late_6m_days_before_obs',
            'loan_penalty_6m_amount_before_obs',
        ],
        'ftr_customer_channel': [
            'branch_transaction_3m_share_rate_before_obs',
            'remote_transaction_3m_share_rate_before_obs',
            'branch_share_change_3m_rate_before_obs',
        ],
        'ftr_customer_contact': [
            'complaint_open_count_before_obs',
            'complaint_overdue_count_before_obs',
            'complaint_open_days_before_obs',
            'complaint_satisfaction_180d_score_before_obs',
            'visit_due_90d_count_before_obs',
            'visit_missed_90d_count_before_obs',
            'visit_missed_90d_share_rate_before_obs',
            'has_manager_before_obs',
            'manager_change_180d_count_before_obs',
            'large_inflow_event_90d_count_before_obs',
            'large_outflow_event_90d_count_before_obs',
            'rival_outflow_event_90d_count_before_obs',
            'deposit_maturity_event_90d_count_before_obs',
            'loan_maturity_event_90d_count_before_obs',
            'salary_arrived_event_90d_count_before_obs',
            'salary_stopped_event_90d_count_before_obs',
        ],
        'ftr_customer_place': [
            'kin_count_before_obs',
            'kin_lost_3m_count_before_obs',
            'district_lost_3m_share_rate_before_obs',
            'is_branch_closed_before_obs',
            'is_branch_changed_180d_before_obs',
            'income_band_code',
            'asset_band_code',
            'external_deposit_amount_before_obs',
            'has_rate_need_180d_before_obs',
        ],
    }) }}
{%- endmacro %}

{#- The type of a feature, by the last word of its name. -#}
{% macro feature_type(name) -%}
    {%- set word = (name | replace('_before_obs', '')).split('_') | last -%}
    {{ return({
        'rate': 'decimal(18, 8)', 'amount': 'decimal(18, 2)', 'count': 'bigint', 'days': 'int', 'score': 'int',
        'code': t_string(),
    }.get(word, 'boolean')) }}
{%- endmacro %}
