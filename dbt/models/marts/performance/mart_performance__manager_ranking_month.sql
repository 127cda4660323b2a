-- One row per manager and month: his score, his rank, and between which ranks he truly stands.
with scored as (
    select
        manager_fk,
        employee_id,
        days_count,
        month_date,
        cast(
            sum(score) / nullif(sum(case when score is not null then weight_rate end), 0) as decimal(18, 4)
        ) as score,
        cast(sum(case when score is not null then weight_rate end) as decimal(12, 8)) as measured_weight_rate
    from {{ ref('mart_performance__manager_kpi_month') }}
    group by manager_fk, employee_id, days_count, month_date
),

-- Months of one manager differ by chance as much as managers do: their spread says how much. Summed
-- up as decimals, since a sum of doubles would depend on the order of its rows.
summed as (
    select
        scored.employee_id,
        scored.month_date,
        count(earlier.score) as months_count,
        cast(sum(earlier.score) as double) as score_sum,
        cast(
            sum(cast(earlier.score as decimal(19, 4)) * cast(earlier.score as decimal(19, 4))) as double
        ) as square_sum,
        max(rule.quantile_value) as quantile_value
    from scored
    inner join {{ ref('ranking_rule') }} as rule
        on rule.ranking_code = 'score' and {{ as_at('rule', month_reached('scored.month_date')) }}
    inner join scored as earlier
        on scored.employee_id = earlier.employee_id
        and scored.month_date >= earlier.month_date
        and {{ months_apart('earlier.month_date', 'scored.month_date') }} < rule.months_count
    group by scored.employee_id, scored.month_date
),

spread as (
    select
        employee_id,
        month_date,
        months_count,
        quantile_value,
        score_sum / nullif(months_count, 0) as mean_score,
        sqrt(
            greatest(square_sum - score_sum * score_sum / nullif(months_count, 0), 0)
            / nullif(months_count - 1, 0) / nullif(months_count, 0)
        ) as standard_error
    from summed
),

-- What moves everybody alike moves no two apart: their difference of each month that both have is counted.
apart as (
    select
        one.employee_id,
        other.employee_id as other_employee_id,
        one.month_date,
        rule.quantile_value,
        rule.minimum_months_count,
        cast(other_score.score as decimal(19, 4)) - one_score.score as difference
    from scored as one
    inner join {{ ref('ranking_rule') }} as rule
        on rule.ranking_code = 'score' and {{ as_at('rule', month_reached('one.month_date')) }}
    inner join scored as other on one.month_date = other.month_date
    inner join scored as one_score
        on one.employee_id = one_score.employee_id
        and one.month_date >= one_score.month_date
        and {{ months_apart('one_score.month_date', 'one.month_date') }} < rule.months_count
    inner join scored as other_score
        on other.employee_id = other_score.employee_id and one_score.month_date = other_score.month_date
),

pair_summed as (
    select
        employee_id,
        month_date,
        count(difference) as months_count,
        cast(sum(difference) as double) as difference_sum,
        cast(sum(difference * difference) as double) as square_sum,
        max(quantile_value) as quantile_value
    from apart
    group by employee_id, other_employee_id, month_date
    having count(difference) >= max(minimum_months_count)
),

-- Of two whose means lie nearer to each other than chance would put them, neither is ahead.
paired as (
    select
        employee_id,
        month_date,
        difference_sum / months_count as difference,
        quantile_value * sqrt(
            greatest(square_sum - difference_sum * difference_sum / months_count, 0)
            / nullif(months_count - 1, 0) / months_count
        ) as chance
    from pair_summed
),

compared as (
    select
        employee_id,
        month_date,
        sum(case when difference > chance then 1 else 0 end) as surely_better_count,
        sum(case when -difference > chance then 1 else 0 end) as surely_worse_count,
        count(*) as manager_count
    from paired
    group by employee_id, month_date
)

select
    cast(scored.manager_fk as bigint) as manager_fk,
    cast(scored.employee_id as {{ t_string() }}) as employee_id,
    cast(scored.days_count as int) as days_count,
    cast(scored.score as decimal(18, 4)) as score,
    cast(scored.measured_weight_rate as decimal(12, 8)) as measured_weight_rate,
    cast(rank() over (partition by scored.month_date order by scored.score desc nulls last) as int) as score_rank,
    cast(spread.months_count as int) as months_count,
    cast(spread.mean_score as decimal(18, 4)) as mean_score,
    cast(spread.mean_score - spread.quantile_value * spread.standard_error as decimal(18, 4)) as mean_score_low,
    cast(spread.mean_score + spread.quantile_value * spread.standard_error as decimal(18, 4)) as mean_score_high,
    cast(compared.surely_better_count + 1 as int) as best_rank,
    cast(compared.manager_count - compared.surely_worse_count as int) as worst_rank,
    cast(scored.month_date as date) as month_date
from scored
inner join spread
    on scored.employee_id = spread.employee_id and scored.month_date = spread.month_date
left join compared
    on scored.employee_id = compared.employee_id and scored.month_date = compared.month_date
