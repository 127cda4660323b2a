"""What visits to a customer cost: the minutes that were entered for them at the visitors' pool."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from serving.profit.bank import NOWHERE, Bank
from serving.profit.costing import MINUTE, Pool, Work, costs, is_of, ten_thousandths
from serving.profit.evidence import Row, Step, origin, rule
from serving.profit.lines import income_tax, work_line
from serving.profit.numbers import month_first
from serving.profit.records import newest

KIND: Final = "customer_visit"
VERDICTS: Final = "fieldwork__visit_verdict"
_VISIT: Final = (
    "customer_id", "employee_id", "visited_date", "visited_time", "visit_way_code",
    "duration_minutes",
)  # fmt: skip


def visit_work(bank: Bank, month: dt.date) -> dict[int, list[Work]]:
    """The visits of a month by customer: by unit of the visitor and way of visiting."""
    first = bank.whole.first_posting_month
    if first is None or month < first:
        return {}
    grouped: dict[tuple[int, tuple[str, int], str], list[Row]] = defaultdict(list)
    for row in _visits(bank, month):
        key = bank.keys.get(("customer", row["customer_id"]))
        if key is not None and key in bank.known_customers:
            unit = _unit_of(bank, row["employee_id"], row["visited_date"])
            grouped[key, unit, f"visit_{row['visit_way_code']}"].append(row)
    found: dict[int, list[Work]] = defaultdict(list)
    for (key, unit, channel), rows in grouped.items():
        times = bank.rule("activity_time", month, is_of(KIND, channel))[:1]
        base = sum(ten_thousandths(each["base_minutes"]) for each in times)
        minutes = sum((row["duration_minutes"] or 0) * MINUTE + base for row in rows)
        told = tuple(rule("rule.activity_time", each) for each in times)
        seen = tuple(origin("fieldwork__visit", row, *_VISIT) for row in rows)
        pool = times[0]["cost_pool_code"] if times else None
        what = f"{len(rows)} {KIND} by {channel}"
        found[key].append(Work(unit[0], pool, what, len(rows), minutes, seen, told))
    return found


def visit_lines(
    bank: Bank,
    month: dt.date,
    done: list[Work],
    rule_set: Row,
    known: Mapping[tuple[str, str], Pool],
) -> dict[str, Step]:
    """The lines of the work on one customer: costs, and the income tax that they save."""
    priced = costs(bank, month, done, rule_set["cost_method_code"], known)
    found = {line: work_line(line, priced) for line in ("direct_cost", "indirect_cost")}
    return found | {"income_tax": income_tax(found.values(), rule_set)}


def _visits(bank: Bank, month: dt.date) -> Iterator[Row]:
    """Visits of a month that stand, each as it was delivered last.

    What the supervisors decided of a visit holds; where they decided nothing, a denial does.
    """
    rows = newest(
        bank.rows("fieldwork__visit"),
        key=lambda row: (
            row["employee_id"], row["customer_id"], row["visited_date"], row["visited_time"]
        ),
    ).values()  # fmt: skip
    denied = {
        (row["customer_id"], row["visited_employee_id"], row["visited_date"])
        for row in bank.rows("fieldwork__callback")
        if _is_denial(bank, row)
    }
    decided = newest(
        (row for row in bank.rows(VERDICTS) if row["decided_date"] <= bank.until),
        key=lambda row: (row["customer_id"], row["employee_id"], row["visited_date"]),
    )
    for row in rows:
        name = (row["customer_id"], row["employee_id"], row["visited_date"])
        verdict = decided.get(name)
        stands = verdict["verdict_code"] == "genuine" if verdict else name not in denied
        if month_first(row["visited_date"]) == month and stands:
            yield row


def _is_denial(bank: Bank, row: Row) -> bool:
    """Whether a call back said, in time, that there was no visit."""
    if row["visited_date"] is None or row["called_date"] > bank.until:
        return False
    days = (row["called_date"] - row["visited_date"]).days
    return any(
        rule["result_code"] == row["result_code"] and days <= rule["counted_within_days"]
        for rule in bank.rule("visit_denial", row["visited_date"])
    )


def _unit_of(bank: Bank, employee_id: str, day: dt.date) -> tuple[str, int]:
    """The unit of an employee, and its version, when he became what he was on a day."""
    employee = bank.employees.at(employee_id, day)
    if employee is None:
        return NOWHERE, 0
    return bank.unit_version(employee["organisation_id"], bank.employee_start(employee_id, day))
