"""Who must act: what is late, refused and held, once each and by its owner's name."""

from __future__ import annotations

import datetime as dt

import pytest

from dagster_project.duties import OPERATOR, Duty, duties
from ingestion.landing.standing import Standing, standing_of
from ingestion.ledger import DeliveryRow
from tests.unit.ingestion.made_up import ENTRY

NOW = dt.date(2026, 1, 5)
FEED = ENTRY.model_copy(
    update={"delivery": ENTRY.delivery.model_copy(update={"frequency": "daily", "required": True})}
)
FEEDS = {FEED.feed: FEED}


def row(number: int, state: str, name: str = "entry_20260105.csv") -> DeliveryRow:
    return DeliveryRow(
        delivery_id=number,
        run_id=1,
        feed=FEED.feed,
        file_name=name,
        landing_path=name,
        sha256="00",
        size_bytes=1,
        business_date=NOW,
        part=None,
        slot=f"day|{name}",
        batch_id=f"b{number}",
        contract="",
        state=state,  # type: ignore[arg-type]
        received_at="",
    )


def found(*rows: DeliveryRow, last: dt.date | None = NOW, settled: tuple[int, ...] = ()) -> list[
    Duty
]:  # fmt: skip
    standings: dict[str, Standing] = {FEED.feed: standing_of(FEED, last, NOW)}
    return duties(FEEDS, standings, rows, settled)


def test_where_all_is_well_nobody_must_act() -> None:
    assert found(row(1, "loaded"), row(2, "superseded")) == []


@pytest.mark.parametrize(
    ("rows", "last", "owner", "kind", "since"),
    [
        ([], dt.date(2026, 1, 2), FEED.owner, "late", "2026-01-03"),
        ([], None, FEED.owner, "late", ""),
        ([row(1, "refused")], NOW, FEED.owner, "refused", "2026-01-05"),
        ([row(1, "held")], NOW, OPERATOR, "held", "2026-01-05"),
    ],
)
def test_each_matter_has_an_owner_and_a_beginning(
    rows: list[DeliveryRow], last: dt.date | None, owner: str, kind: str, since: str
) -> None:
    (duty,) = found(*rows, last=last)
    assert (duty.owner, duty.kind, duty.feed, duty.since) == (owner, kind, FEED.feed, since)
    assert FEED.title.zh in duty.sentence.zh
    assert FEED.title.en in duty.sentence.en
    assert FEED.owner in " ".join((duty.owner, *duty.sentence))


def test_what_was_put_right_or_settled_is_nobodys_duty_any_more() -> None:
    assert found(row(1, "refused"), row(2, "loaded")) == []
    assert found(row(1, "refused"), settled=(1,)) == []


def test_many_files_are_one_line_with_the_first_names_and_no_tricks() -> None:
    rows = [row(number, "refused", f"e{number}\x1b[31m\u202e.csv") for number in range(1, 6)]
    (duty,) = found(*rows)
    assert "有 5 个文件被拒收" in duty.sentence.zh
    assert duty.sentence.en.endswith("… +2")
    assert duty.sentence.zh.isprintable(), "F69"


def test_of_one_night_only_its_own_files_are_told_and_only_if_still_open() -> None:
    """A file of tonight may have put right another of tonight, or be one that was refused."""
    mended = [row(1, "refused"), row(2, "loaded")]
    fresh = [row(3, "loaded", "b.csv"), row(4, "refused", "b.csv")]
    older = [row(5, "refused", "c.csv")]
    standings = {FEED.feed: standing_of(FEED, NOW, NOW)}
    (duty,) = duties(FEEDS, standings, [*mended, *fresh, *older], (), {1, 2, 4})
    assert "b.csv" in duty.sentence.en
    assert duties(FEEDS, standings, [*mended, *fresh, *older], (), {1, 2}) == []
