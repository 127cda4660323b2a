"""When a feed's delivery is due, and which of the required ones did not come."""

from __future__ import annotations

import calendar
import datetime as dt
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ingestion.contracts import Feed
from ingestion.ledger import DeliveryRow, Ledger
from ingestion.sentence import Sentence, shown


@dataclass(frozen=True)
class Missing:
    """A required delivery that is due and not there, or not let in.

    Attributes:
        feed: Name of its feed.
        due_date: Date it should have reached.
        last_date: Date of the last one that is there.
        sentence: What is to be said of it.
        held_id: The delivery that waits for somebody's decision; None where nothing came.
    """

    feed: str
    due_date: dt.date
    last_date: dt.date | None
    sentence: Sentence
    held_id: int | None = None


def newest_dates(
    ledger: Ledger, until: dt.date | None = None, incomplete: Collection[int] = ()
) -> dict[str, dt.date]:
    """Business date of the last delivery of each feed that counts, up to a date.

    One that is held, or waits for others of its set, came but tells nobody anything yet.

    Args:
        ledger: The ledger.
        until: The date; None for any.
        incomplete: Deliveries that came in parts, not all of which are there.
    """
    with ledger.connect() as connection:
        rows = connection.execute(
            "SELECT feed, max(business_date) AS last FROM delivery"
            " WHERE state IN ('received', 'loaded') AND business_date <= ?"
            " AND delivery_id NOT IN (SELECT value FROM json_each(?)) GROUP BY feed",
            [(until or dt.date.max).isoformat(), json.dumps(list(incomplete))],
        ).fetchall()
    return {row["feed"]: dt.date.fromisoformat(row["last"]) for row in rows}


def missing_deliveries(
    ledger: Ledger,
    feeds: Mapping[str, Feed],
    business_date: dt.date,
    incomplete: Collection[int] = (),
) -> list[Missing]:
    """Required feeds whose delivery of the current period is not there.

    One that is held did come, but it is not there: nothing of it would be published.

    Args:
        ledger: The ledger.
        feeds: What the bank delivers.
        business_date: Date of the night.
        incomplete: Deliveries that came in parts, not all of which are there.
    """
    newest = newest_dates(ledger, business_date, incomplete)
    held = {
        row.feed: row
        for row in ledger.deliveries(state="held")
        if row.business_date <= business_date
    }
    missing = []
    for feed in feeds.values():
        if feed.is_internal or not feed.is_delivered or not feed.delivery.required:
            continue
        due = due_date(feed.delivery.frequency or "once", business_date)
        last = newest.get(feed.feed)
        waiting = held.get(feed.feed)
        if last is not None and (due is None or last >= due):
            continue
        if waiting is not None and (due is None or waiting.business_date >= due):
            missing.append(
                Missing(
                    feed.feed,
                    due or business_date,
                    last,
                    held_sentence(waiting),
                    waiting.delivery_id,
                )
            )
        else:
            missing.append(
                Missing(
                    feed.feed, due or business_date, last, _not_there(feed, business_date, last)
                )
            )
    return missing


def _not_there(feed: Feed, business_date: dt.date, last: dt.date | None) -> Sentence:
    told = last.isoformat() if last else None
    names = [file.file_name for file in feed.delivery.files]
    return Sentence(
        f"应报送的“{feed.title.zh}”（{feed.feed}）截至 {business_date} 未收到，"
        f"最近一期为 {told or '无'}；文件名应为 {'、'.join(names)}，请联系{feed.owner}。",
        f"{feed.title.en} ({feed.feed}), due by {business_date}, did not come; the latest is"
        f" {told or 'none'}. Its file is called {' or '.join(names)}; ask {feed.owner}.",
    )


def held_sentence(row: DeliveryRow) -> Sentence:
    """That a delivery is held, why, and which command decides about it."""
    number = row.delivery_id
    why = Sentence(
        "".join(doubt.reason.zh for doubt in row.doubts),
        " ".join(doubt.reason.en for doubt in row.doubts),
    )
    return Sentence(
        f"第 {number} 号报送文件 {shown(row.file_name)}（{row.business_date}）暂不入库：{why.zh}"
        f"请决定：crm release {number} --reason … 或 crm refuse {number} --reason …",
        f"Delivery {number}, {shown(row.file_name)} of {row.business_date}, is held. {why.en}"
        f" Decide: crm release {number} --reason ..., or crm refuse {number} --reason ...",
    )


def due_date(frequency: str, business_date: dt.date) -> dt.date | None:
    """The date a delivery must have reached by the end of `business_date`; None if any will do.

    >>> due_date("monthly", dt.date(2026, 1, 5))
    datetime.date(2025, 12, 31)
    >>> due_date("monthly", dt.date(2026, 1, 31))
    datetime.date(2026, 1, 31)
    """
    if frequency == "daily":
        return business_date
    if frequency == "weekly":
        return business_date - dt.timedelta(days=6)
    months = {"monthly": 1, "quarterly": 3, "yearly": 12}.get(frequency)
    if months is None:
        return None
    day = business_date
    while not (_is_month_end(day) and day.month % months == 0):
        day = day.replace(day=1) - dt.timedelta(days=1)
    return day


def _is_month_end(day: dt.date) -> bool:
    return day.day == calendar.monthrange(day.year, day.month)[1]
