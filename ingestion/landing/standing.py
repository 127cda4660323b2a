"""How a feed stands on a business date: fresh, due, behind or late, and since when.

Freshness goes by the dates of the deliveries and the night's own date, never by a clock.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from ingestion.contracts import Feed
from ingestion.landing.due import due_date
from ingestion.sentence import Sentence

State = Literal[
    "fresh", "due", "late", "behind", "none yet", "not delivered by this bank",
    "written by the house",
]  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """How one feed stands.

    Attributes:
        state: late = required and overdue; behind = not required and overdue; due = the next
            night will want it; none yet = not required and never came.
        last: Business date of its last delivery.
        due: Date that delivery should have reached.
        since: First business date on which it was missed; None where it never came.
        sentence: All of it, and whose it is.
    """

    state: State
    last: dt.date | None
    due: dt.date | None
    since: dt.date | None
    sentence: Sentence

    @property
    def is_overdue(self) -> bool:
        """Whether something should have come."""
        return self.state in ("late", "behind")


def standing_of(
    feed: Feed, last: dt.date | None, now: dt.date | None, upcoming: dt.date | None = None
) -> Standing:
    """How a feed stands.

    Args:
        feed: The feed.
        last: Business date of its last delivery.
        now: The date asked about; None while nothing is published.
        upcoming: The next night's date, where there is one.
    """
    if feed.is_internal:
        return _plain("written by the house", last, "由系统自行写入", "written by the house")
    if not feed.is_delivered:
        return _plain(
            "not delivered by this bank", last, "本行不报送", "not delivered by this bank"
        )
    due = _due(feed, now)
    if now is not None and not _reaches(last, due):
        if feed.delivery.required:
            return _overdue("late", feed, last, due, now)
        if last is not None:
            return _overdue("behind", feed, last, due, now)
    if upcoming is not None and not _reaches(last, _due(feed, upcoming)):
        day = upcoming.isoformat()
        return _plain("due", last, f"{day} 的夜间任务待报", f"wanted by the night of {day}")
    if last is None:
        return _plain("none yet", last, "尚未报送过，非必报", "never came, and need not")
    return _plain("fresh", last, f"最近一期 {last}，已按期", f"last came for {last}, in time")


def _due(feed: Feed, date: dt.date | None) -> dt.date | None:
    frequency = feed.delivery.frequency or "once"
    # What may come daily and need not comes when something has happened: nothing is due.
    if date is None or (frequency == "daily" and not feed.delivery.required):
        return None
    return due_date(frequency, date)


def _reaches(last: dt.date | None, due: dt.date | None) -> bool:
    return last is not None and (due is None or last >= due)


def _overdue(
    state: Literal["late", "behind"],
    feed: Feed,
    last: dt.date | None,
    due: dt.date | None,
    now: dt.date,
) -> Standing:
    since = None if last is None else _missed_since(feed, last, now)
    wanted = due or now
    came_zh, came = (
        ("从未报送", "it never came")
        if last is None
        else (f"最近一期 {last}，自 {since} 起缺报", f"the last is of {last}, missed since {since}")
    )
    sentence = Sentence(
        f"“{feed.title.zh}”（{feed.feed}）应报至 {wanted}，{came_zh}；请{feed.owner}补报。",
        f"{feed.title.en} ({feed.feed}) should reach {wanted}; {came}. {feed.owner} must deliver.",
    )
    return Standing(state, last, due, since, sentence)


def _missed_since(feed: Feed, last: dt.date, now: dt.date) -> dt.date:
    """The first business date, after the last delivery, that wanted a newer one."""
    day = last
    while day < now and _reaches(last, _due(feed, day)):
        day += dt.timedelta(days=1)
    return day


def _plain(state: State, last: dt.date | None, zh: str, en: str) -> Standing:
    return Standing(state, last, None, None, Sentence(f"{zh}。", f"{en[0].upper()}{en[1:]}."))
