"""Delivered records as versions: what held on a day, and from when to when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from serving.profit.evidence import Row
from serving.profit.numbers import FIRST_DAY, OPEN_DAY


@dataclass(frozen=True)
class Version:
    """A record and the days it held, the last one excluded."""

    row: Row
    start: dt.date
    end: dt.date

    def holds(self, day: dt.date) -> bool:
        """Whether it held on a day."""
        return self.start <= day < self.end


def delivered_order(row: Row) -> tuple[object, ...]:
    """Sorts what was delivered later behind: date, precedence of its batch, batch, sheet, row."""
    return (
        row["business_date"],
        row["batch_precedence"] or "",
        row["batch_id"] or "",
        row["source_sheet"] or "",
        row["source_row"] or 0,
    )


def newest(rows: Iterable[Row], key: Callable[[Row], object]) -> dict[object, Row]:
    """Of each key the row that was delivered last."""
    found: dict[object, Row] = {}
    for row in sorted(rows, key=delivered_order):
        found[key(row)] = row
    return found


def is_deleted(row: Row) -> bool:
    """Whether a record says that there is nothing any more."""
    return bool(row.get("change_code") == "delete")


def changes(
    rows: Iterable[Row], attributes: Sequence[str], first_delivered: dt.date | None = None
) -> list[Version]:
    """Versions of one record, of which only changes are delivered.

    Args:
        rows: Its deliveries; the last of a day counts.
        attributes: Columns of which another value makes another version.
        first_delivered: A first version of that day holds since ever, a later one since it came;
            None takes the record's own first day.
    """
    of_day = newest(rows, key=lambda row: row["business_date"])
    ordered = sorted(of_day.values(), key=lambda row: row["business_date"])
    opened: list[tuple[dt.date, Row]] = []
    state: object = None
    for row in ordered:
        now = "deleted" if is_deleted(row) else tuple(row[name] for name in attributes)
        if now != state:
            is_first = state is None and row["business_date"] == (
                first_delivered or row["business_date"]
            )
            opened.append((FIRST_DAY if is_first else row["business_date"], row))
        state = now
    ends = [*(start for start, _ in opened), OPEN_DAY][1:]
    # The end of the first version is the day the next one came, whenever it was said to begin.
    return [
        Version(row, start, end)
        for (start, row), end in zip(opened, ends, strict=True)
        if not is_deleted(row)
    ]


def carried(versions: Sequence[Version]) -> list[Version]:
    """The same without gaps: each lasts until the next begins, the last one for ever."""
    ends = [*(version.start for version in versions), OPEN_DAY][1:]
    return [
        Version(version.row, version.start, end)
        for version, end in zip(versions, ends, strict=True)
    ]


def at(versions: Iterable[Version], day: dt.date) -> Version | None:
    """The version that held on a day."""
    return next((version for version in versions if version.holds(day)), None)


class Listed:
    """A list that is delivered as a whole, as of products: what it said of a member on a day.

    Before its first delivery a member is what that one says, and once it is left out what the last
    one said.
    """

    def __init__(self, rows: Iterable[Row], key: str) -> None:
        of_day = newest(rows, key=lambda row: (row[key], row["business_date"]))
        self._rows: dict[str, list[Row]] = {}
        for row in sorted(of_day.values(), key=lambda each: each["business_date"]):
            self._rows.setdefault(row[key], []).append(row)

    def at(self, member: str | None, day: dt.date) -> Row | None:
        """What held of a member on a day; None of one that no list knows."""
        known = self._rows.get(member or "", [])
        held = [row for row in known if row["business_date"] <= day]
        return held[-1] if held else (known[0] if known else None)


def listed_starts(
    rows: Iterable[Row], key: str, state: Callable[[Row, Mapping[str, Row]], object]
) -> dict[str, list[dt.date]]:
    """Per member of a list the days from which it was another; the first one has always held.

    Args:
        rows: Deliveries of the list, each of them whole.
        key: Column that names a member.
        state: What makes a member another, from its row and all rows of the delivery by member.
    """
    lists: dict[dt.date, dict[str, Row]] = {}
    for row in newest(rows, key=lambda each: (each["business_date"], each[key])).values():
        lists.setdefault(row["business_date"], {})[row[key]] = row
    found: dict[str, list[dt.date]] = {}
    states: dict[str, object] = {}
    for day in sorted(lists):
        now = {name: state(row, lists[day]) for name, row in lists[day].items()}
        for name, each in now.items():
            # One that the list before this left out is another when it comes back.
            if states.get(name) != each:
                start = day if name in found else FIRST_DAY
                found.setdefault(name, []).append(start)
        states = now
    return found
