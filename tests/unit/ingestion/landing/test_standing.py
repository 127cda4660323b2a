"""Fresh, due, behind or late, and since when: by business dates, never by a clock."""

from __future__ import annotations

import datetime as dt

import pytest

from ingestion.contracts import Feed
from ingestion.landing.due import newest_dates
from ingestion.landing.standing import standing_of
from tests.unit.ingestion.house import House
from tests.unit.ingestion.made_up import ENTRY


def feed_of(frequency: str, *, required: bool = True) -> Feed:
    delivery = ENTRY.delivery.model_copy(update={"frequency": frequency, "required": required})
    return ENTRY.model_copy(update={"delivery": delivery})


def day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


# frequency, required, last, now, upcoming, state, since
CASES: dict[str, tuple[str, bool, str | None, str | None, str | None, str, str | None]] = {
    "daily, today": ("daily", True, "2026-01-05", "2026-01-05", None, "fresh", None),
    "daily, a day short": ("daily", True, "2026-01-04", "2026-01-05", None, "late", "2026-01-05"),
    "daily, three days": ("daily", True, "2026-01-02", "2026-01-05", None, "late", "2026-01-03"),
    "daily, never": ("daily", True, None, "2026-01-05", None, "late", None),
    "daily, need not": ("daily", False, "2025-11-01", "2026-01-05", None, "fresh", None),
    "daily, need not, never": ("daily", False, None, "2026-01-05", None, "none yet", None),
    "weekly, six days old": ("weekly", True, "2025-12-30", "2026-01-05", None, "fresh", None),
    "weekly, seven": ("weekly", True, "2025-12-29", "2026-01-05", None, "late", "2026-01-05"),
    "monthly": ("monthly", True, "2025-12-31", "2026-01-30", None, "fresh", None),
    "monthly, month end": ("monthly", True, "2025-12-31", "2026-01-31", None, "late", "2026-01-31"),
    "monthly, leap year": ("monthly", True, "2024-01-31", "2024-03-05", None, "late", "2024-02-29"),
    "monthly, need not": ("monthly", False, "2025-10-31", "2026-01-05", None, "behind",
                          "2025-11-30"),
    "quarterly": ("quarterly", True, "2025-09-30", "2026-01-05", None, "late", "2025-12-31"),
    "yearly": ("yearly", True, "2024-12-31", "2025-12-30", None, "fresh", None),
    "once": ("once", True, "2020-01-01", "2026-01-05", None, "fresh", None),
    "wanted next": ("daily", True, "2026-01-05", "2026-01-05", "2026-01-06", "due", None),
    "there already": ("daily", True, "2026-01-06", "2026-01-05", "2026-01-06", "fresh", None),
    "nothing published": ("daily", True, None, None, "2026-01-06", "due", None),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_how_a_feed_stands(name: str) -> None:
    frequency, required, last, now, upcoming, state, since = CASES[name]
    feed = feed_of(frequency, required=required)
    found = standing_of(feed, day(last), day(now), day(upcoming))
    assert (found.state, found.since) == (state, day(since))
    assert found.is_overdue == (state in ("late", "behind"))
    if found.is_overdue:
        for sentence in found.sentence:
            assert feed.owner in sentence
            assert feed.feed in sentence
            assert (since or "") in sentence


def test_a_feed_the_bank_does_not_deliver_is_never_late() -> None:
    absent = ENTRY.model_copy(update={"is_delivered": False})
    found = standing_of(absent, None, dt.date(2026, 1, 5))
    assert found.state == "not delivered by this bank"


def test_what_was_refused_has_not_come(house: House) -> None:
    house.land("entry_20250130.csv")
    house.land("entry_20250131.csv", "流水号\nS2")
    early, late = house.receive().received
    house.settle(early)
    house.settle(late, "refused")
    assert newest_dates(house.ledger) == {ENTRY.feed: dt.date(2025, 1, 30)}
    assert newest_dates(house.ledger, dt.date(2025, 1, 29)) == {}
