"""The same months under two sets of rules: customers, visits, hours and money side by side.

Both files are read by the same queries, so that what differs is the rules' doing alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import duckdb

from serving.profit import published
from serving.query import Answer

MINUTES: Final = 60
# Code, Chinese, English, unit, decimals shown.
MEASURES: Final = {
    "customer_count": ("应走访客户", "Customers to be visited", "count", 0),
    "required_count": ("应走访次数", "Visits asked for", "count", 0),
    "counted_count": ("计入走访", "Visits that count", "count", 0),
    "missed_count": ("漏访次数", "Visits missed", "count", 0),
    "compliance_rate": ("走访达标率", "Compliance", "rate", 4),
    "asked_hours": ("应走访工时", "Staff hours asked for", "hours", 1),
    "counted_hours": ("计入走访工时", "Staff hours that count", "hours", 1),
    "valid_count": ("有效走访", "Valid visits", "count", 0),
    "trigger_count": ("分级触发事件", "Events that call for a level change", "count", 0),
    "unanswered_count": ("未处理触发事件", "Of them unanswered in time", "count", 0),
    "fine_count": ("罚款笔数", "Fines", "count", 0),
    "fine_amount": ("罚款金额", "Amount of fines", "yuan", 2),
    "reward_count": ("奖励笔数", "Rewards", "count", 0),
    "reward_amount": ("奖励金额", "Amount of rewards", "yuan", 2),
    "pay_amount": ("客户经理薪酬", "Pay of managers", "yuan", 2),
    "contribution_amount": ("利润贡献", "Contribution of customers", "yuan", 2),
    "held_count": ("月末客户数", "Customers at the month's end", "count", 0),
}
SUBJECTS: Final = {"bank": "全行 Bank", "level": "分级", "tier": "层级", "class": "分类"}

# Visits of a month are those asked for in the periods that ended in it, as in mart_relationship__
# cadence_month. Hours are what the rule visit_effort gives to a visit of the customer's level.
_VISITS = """
    with requirement as (
        select
            requirement.month_date,
            requirement.level_code,
            requirement.customer_key,
            requirement.required_count,
            requirement.counted_count,
            coalesce(effort.visit_minutes, 0) as visit_minutes
        from dimensional.fct_visit_requirement as requirement
        left join rule.visit_effort as effort
            on requirement.level_code = effort.level_code
            and effort.valid_from_date <= requirement.period_start_date
            and requirement.period_start_date < effort.valid_to_date
        where requirement.is_period_over and requirement.month_date between $first and $last
    )
    select
        month_date,
        level_code,
        count(distinct case when required_count > 0 then customer_key end) as customer_count,
        coalesce(sum(required_count), 0) as required_count,
        coalesce(sum(counted_count), 0) as counted_count,
        coalesce(sum(required_count * visit_minutes), 0) as asked_minutes,
        coalesce(sum(counted_count * visit_minutes), 0) as counted_minutes
    from requirement
    group by grouping sets ((month_date, level_code), (month_date), (level_code), ())
"""

# Whatever people decided on a fine or reward stands: what they reversed is not counted.
_WHOLE = {
    "valid_count": """
        select month_date, count(*) from dimensional.fct_visit
        where is_valid and month_date between $first and $last
        group by grouping sets ((month_date), ())
    """,
    "trigger_count": """
        select month_date, count(*) from dimensional.fct_level_trigger
        where month_date between $first and $last group by grouping sets ((month_date), ())
    """,
    "unanswered_count": """
        select month_date, count(*) from dimensional.fct_level_trigger
        where status_code = 'missed' and month_date between $first and $last
        group by grouping sets ((month_date), ())
    """,
    "pay_amount": """
        select month_date, coalesce(sum(amount), 0) from mart.mart_performance__manager_pay_month
        where month_date between $first and $last group by grouping sets ((month_date), ())
    """,
    "contribution_amount": """
        select month_date, coalesce(sum(contribution_amount), 0)
        from mart.mart_profitability__customer_month
        where month_date between $first and $last group by grouping sets ((month_date), ())
    """,
} | {
    f"{kind}_{measure}": f"""
        select month_date, {told} from dimensional.fct_incentive
        where incentive_type_code = '{kind}' and status_code not in ('reversed', 'cancelled')
            and month_date between $first and $last
        group by grouping sets ((month_date), ())
    """  # noqa: S608
    for kind in ("fine", "reward")
    for measure, told in (("count", "count(*)"), ("amount", "coalesce(sum(incentive_amount), 0)"))
}

_HELD = {
    "level": """
        with period as (
            select month_date, least(max(date_pk), $until) as last_date
            from dimensional.dim_date
            where month_date between $first and $last
            group by month_date
        )
        select period.month_date, held.level_code, count(distinct held.customer_key)
        from period
        inner join dimensional.fct_customer_level as held
            on held.valid_from_date <= period.last_date and period.last_date < held.valid_to_date
        group by 1, 2
    """,
    "tier": """
        select month_date, tier_rule_set_code || ' ' || tier_code, count(*)
        from dimensional.fct_customer_tier_month
        where month_date between $first and $last group by 1, 2
    """,
    "class": """
        select month_date, class_code, count(distinct customer_key)
        from dimensional.fct_customer_class
        where month_date between $first and $last group by 1, 2
    """,
}


@dataclass(frozen=True)
class Key:
    """What a figure is of: a month (none for all of them), a subject, a measure."""

    month: dt.date | None
    subject_type: str
    subject: str
    measure: str


@dataclass(frozen=True)
class Figure:
    """One figure as it was, and as other rules make it; None where there is no such thing."""

    key: Key
    before: Decimal | None
    after: Decimal | None

    @property
    def difference(self) -> Decimal | None:
        """What the rules change; what only one of them knows counts from nothing."""
        if self.key.measure == "compliance_rate" and None in (self.before, self.after):
            return None
        return (self.after or Decimal()) - (self.before or Decimal())


def compare(
    before: duckdb.DuckDBPyConnection,
    after: duckdb.DuckDBPyConnection,
    first: dt.date,
    last: dt.date,
    until: dt.date,
) -> list[Figure]:
    """Every figure of both files, month by month and then of all months together.

    Args:
        before: The published generation.
        after: The replay.
        first: First day of the first month.
        last: First day of the last month.
        until: The business date of both: a month that is not over is told as of that day.
    """
    published.require_month(before, first)
    published.require_month(before, last)
    found = [dict(_figures(each, first, last, until)) for each in (before, after)]
    keys = sorted({*found[0], *found[1]}, key=_place)
    return [Figure(key, found[0].get(key), found[1].get(key)) for key in keys]


def answer(figures: Iterable[Figure]) -> Answer:
    """The figures as one table, for a file or a program."""
    columns = {
        "month_date": "DATE", "subject_type": "VARCHAR", "subject": "VARCHAR",
        "measure": "VARCHAR", "measure_zh": "VARCHAR", "measure_en": "VARCHAR", "unit": "VARCHAR",
        "as_it_was": "DECIMAL", "replayed": "DECIMAL", "difference": "DECIMAL",
    }  # fmt: skip
    rows = [
        (
            *(each.key.month, each.key.subject_type, each.key.subject, each.key.measure),
            *MEASURES[each.key.measure][:3],
            *(each.before, each.after, each.difference),
        )
        for each in figures
    ]
    return Answer(tuple(columns), tuple(columns.values()), rows)


def _place(key: Key) -> tuple[Any, ...]:
    """Subjects in their order, months before their total, measures as they are listed."""
    return (
        *(list(SUBJECTS).index(key.subject_type), key.subject),
        *(key.month or dt.date.max, list(MEASURES).index(key.measure)),
    )


def _figures(
    connection: duckdb.DuckDBPyConnection, first: dt.date, last: dt.date, until: dt.date
) -> Iterator[tuple[Key, Decimal | None]]:
    months = {"first": first, "last": last}
    for month, level, *values in connection.execute(_VISITS, months).fetchall():
        kind = "bank" if level is None else "level"
        for measure, measured in _visit_measures(*values).items():
            yield Key(month, kind, level or "", measure), measured
    for measure, query in _WHOLE.items():
        for month, value in connection.execute(query, months).fetchall():
            yield Key(month, "bank", "", measure), Decimal(value)
    for kind, query in _HELD.items():
        given = months | ({"until": until} if "$until" in query else {})
        for month, code, value in connection.execute(query, given).fetchall():
            yield Key(month, kind, code or "-", "held_count"), Decimal(value)


def _visit_measures(
    customers: int, required: int, counted: int, asked_minutes: int, counted_minutes: int
) -> dict[str, Decimal | None]:
    """The measures of one subject and month; compliance is none where nothing was asked for."""
    rate = (Decimal(counted) / required).quantize(Decimal("0.0001")) if required else None
    return {
        "customer_count": Decimal(customers),
        "required_count": Decimal(required),
        "counted_count": Decimal(counted),
        "missed_count": Decimal(required - counted),
        "compliance_rate": rate,
        "asked_hours": _hours(asked_minutes),
        "counted_hours": _hours(counted_minutes),
    }


def _hours(minutes: int) -> Decimal:
    return (Decimal(minutes) / MINUTES).quantize(Decimal("0.01"))
