"""Corrections over several nights: new homes, killed runs, the gate, and other files."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from ingestion.batch import BatchReport
from ingestion.extract import reconcile
from ingestion.landing import business_dates, news, precedence_of
from ingestion.ledger import open_refusals
from ingestion.quality import gate
from ingestion.sentence import Sentence
from tests.unit.ingestion.house import House
from tests.unit.ingestion.made_up import (
    AMOUNT,
    CSV,
    CUSTOMER,
    DATE,
    ENTRY,
    NIGHT,
    NOTE,
    SERIAL,
    XLSX,
    column,
    extract_of,
    feed,
)
from tests.unit.ingestion.returning.homecoming import (
    ALL,
    EXTRACT,
    come_home,
    deliver,
    drop_names,
    in_lake,
    mended,
    night,
    put,
)

Way = Callable[[House], None]
pytestmark = pytest.mark.usefixtures("in_this_process")


def test_a_first_night_over_all_of_it_ends_the_same(house: House, tmp_path: Path) -> None:
    """The landing folder as it lies, read by a new home at once; and the lake read again."""
    first = deliver(house)
    second = come_home(house, first, put(E2="李四"), "一.xlsx")
    come_home(house, second, put(F3="2025-01-30"), "二.xlsx")
    assert in_lake(house) == ALL

    (tmp_path / "new").mkdir()
    new = House(tmp_path / "new")
    for path in house.landing.iterdir():
        content, stamp = path.read_bytes(), path.stat().st_mtime_ns
        os.utime(new.land(path.name, content), ns=(stamp, stamp))
    night(new)
    assert in_lake(new) == ALL

    for path in house.lake.rglob("*.parquet"):
        path.unlink()
    assert len(reconcile(house.lake, house.ledger, house.feeds)) == 3
    night(house)
    assert in_lake(house) == ALL
    assert house.states() == ["loaded"] * 3


def test_killed_before_the_ledger_knew_the_next_run_ends_the_same(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = deliver(house)
    house.land("改好了.xlsx", mended(first, put(E2="李四", F3="2025-01-30")))

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(house.ledger), "commit", killed)
        with pytest.raises(KeyboardInterrupt):
            night(house)
    assert len(house.in_lake()) == 2
    reconcile(house.lake, house.ledger, house.feeds)
    assert len(house.in_lake()) == 1
    night(house)
    assert in_lake(house) == ALL


def test_a_file_the_gate_refuses_takes_its_corrections_along(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the one whose place it took comes back with its own."""
    first = deliver(house)
    come_home(house, first, put(E2="李四", F3="2025-01-30"))
    newer = deliver(house, extract_of("S7|赵六|20250131|2.00|", "S8||20250131|2.00|"))
    come_home(house, newer, put(E2="孙七"), "又.xlsx")
    rows = {row.batch_id: row for row in house.ledger.deliveries()}
    with house.ledger.transaction() as connection:
        connection.execute("UPDATE delivery SET gate = '{}' WHERE corrects IS NOT NULL")

    bad = gate.Check("key", "", False, Sentence("不行", "no"))

    def fail(reports: list[BatchReport], _: object) -> gate.Passage:
        return gate.Passage(
            [
                gate.GateResult(report.feed, report.batch_id, False, [bad])
                for report in reports
                if report.batch_id == newer.batch_id
            ]
        )

    monkeypatch.setattr(gate, "check", fail)
    revived = gate.run_gate(house.ledger, house.lake, house.feeds, house.run()).revived
    assert [row.batch_id for row in revived][:1] == [first.batch_id]
    assert len(revived) == 2
    house.extract(revived)
    assert in_lake(house) == ALL
    assert house.states() == ["loaded", "loaded", "refused", "superseded"]
    assert rows[newer.batch_id].state == "loaded"


def test_a_copy_of_the_file_takes_nothing_from_its_corrections(house: House) -> None:
    """A copy is a delivery of the same batch with a later number; also when all is read again."""
    first = deliver(house)
    house.land(f"again/{CSV}", EXTRACT)
    house.land("改好了.xlsx", mended(first, put(E2="李四", F3="2025-01-30")))
    night(house)
    assert house.states() == ["loaded", "duplicate", "loaded"]
    assert in_lake(house) == ALL
    house.ledger.reread(first.feed, "change")
    reconcile(house.lake, house.ledger, house.feeds)
    night(house)
    assert in_lake(house) == ALL


RESTATED = extract_of("S9|周九|20250131|9.00|")


def refuse_and_release(house: House) -> None:
    house.ledger.turn_away(1, "看错了", "me", "change")
    reconcile(house.lake, house.ledger, house.feeds)
    assert house.states() == ["refused", "superseded"]
    house.ledger.release(1, "没看错", "me")


def replace_and_return(house: House) -> None:
    deliver(house, RESTATED)
    assert len(in_lake(house)) == 1
    house.land(CSV, EXTRACT)


def refuse_what_replaced(house: House) -> None:
    deliver(house, RESTATED)
    house.ledger.turn_away(3, "错发", "me", "change")
    reconcile(house.lake, house.ledger, house.feeds)


@pytest.mark.parametrize("way", [refuse_and_release, replace_and_return, refuse_what_replaced])
def test_a_file_comes_back_with_its_corrections(house: House, way: Way) -> None:
    come_home(house, deliver(house), put(E2="李四", F3="2025-01-30"))
    way(house)
    night(house)
    assert in_lake(house) == ALL


def test_a_correction_waits_while_its_file_cannot_be_read(house: House) -> None:
    """Read again under a rule that refuses the file, and again once that is mended."""
    first = deliver(house)
    come_home(house, first, put(E2="李四", F3="2025-01-30"))
    usual = house.feeds
    strict = feed(SERIAL, CUSTOMER, DATE, AMOUNT, column("other", "新列", required=True))
    house.feeds = {strict.feed: strict}
    house.ledger.reread(first.feed, "change")
    reconcile(house.lake, house.ledger, house.feeds)
    night(house)
    assert house.states() == ["refused", "superseded"]
    house.feeds = usual
    house.ledger.release(1, "接口定义已改回", "me")
    night(house)
    assert in_lake(house) == ALL


def test_where_nothing_is_refused_any_more_a_correction_is_held(house: House) -> None:
    """Read again under a laxer rule, the file brings the rows as they were first delivered."""
    first = deliver(house, extract_of("S1|张三|20250131|1.00|", "S2||20250131|2.00|"))
    come_home(house, first, put(E2="李四"))
    lax = feed(SERIAL, column("customer_name", "户名"), DATE, AMOUNT, NOTE)
    house.feeds = {lax.feed: lax}
    house.ledger.reread(first.feed, "change")
    reconcile(house.lake, house.ledger, house.feeds)
    night(house)
    assert house.states() == ["loaded", "held"]
    assert first.returned is not None
    assert not first.returned.exists(), "nothing goes back any more"
    (doubt,) = house.ledger.deliveries()[1].doubts
    assert doubt.code == "nothing_refused"
    assert "no row is refused any more" in doubt.reason.en
    assert in_lake(house) == [("S1", "张三", "2025-01-31"), ("S2", None, "2025-01-31")]


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"restatement": "hold", "closed_months": 99}, "restatement"),
        ({"closed_months": 0}, "closed_month"),
    ],
)
def test_corrected_rows_are_held_as_the_whole_file_would_be(
    house: House, rule: dict[str, object], code: str
) -> None:
    delivery = ENTRY.delivery.model_copy(update=rule)
    house.feeds = {ENTRY.feed: ENTRY.model_copy(update={"delivery": delivery})}
    first = deliver(house)
    assert first.returned is not None
    house.ledger.record_generation(number=1, run_id=1, business_date=dt.date(2025, 9, 30))
    second = come_home(house, first, put(E2="李四", F3="2025-01-30"))
    assert (second.state, [doubt.code for doubt in second.doubts]) == ("held", [code])
    assert len(in_lake(house)) == 1
    house.ledger.release(2, "已批准", "me")
    night(house)
    assert in_lake(house) == ALL
    deliver(house, first.returned.read_bytes(), "原样.xlsx")
    assert house.states() == ["loaded"] * 3, "it changes nothing"


def test_a_correction_ranks_as_its_file_does(house: House) -> None:
    """It holds against the file it corrects, and against none that the file does not."""
    first = deliver(house)
    come_home(house, first, put(E2="李四"), "一.xlsx")
    come_home(house, first, put(E2="李四", F3="2025-01-30"), "二.xlsx")
    ranks = duckdb.sql(
        "SELECT serial_id, batch_precedence FROM"
        f" read_parquet('{house.lake}/*/*/*.parquet', hive_partitioning = false) ORDER BY ALL"
    ).fetchall()
    own = precedence_of("day|", 0)
    assert ranks == [("S1", own), ("S2", f"{own} c000000002"), ("S3", f"{own} c000000003")]
    assert precedence_of("day|", 1) > ranks[-1][1] > own


def test_open_refused_corrections_do_not_count_once_a_later_one_is_loaded(house: House) -> None:
    first = deliver(house)
    come_home(house, first, drop_names, "一.xlsx")
    assert [row.file_name for row in open_refusals(house.ledger.deliveries())] == ["一.xlsx"]
    come_home(house, first, put(E2="李四"), "二.xlsx")
    assert open_refusals(house.ledger.deliveries()) == []


def news_of(house: House) -> list[str]:
    return [path.name for path in news(house.landing, house.feeds, house.ledger, NIGHT)]


def test_a_returned_sheet_is_news_whatever_its_name(house: House, tmp_path: Path) -> None:
    """So that the next run of a published date takes it in; once it is in, it is none."""
    first = deliver(house)
    assert news_of(house) == []
    house.land("改好了.xlsx", mended(first, put(E2="李四")))
    assert news_of(house) == ["改好了.xlsx"]
    night(house)
    assert news_of(house) == []
    (house.landing / "改好了.xlsx").rename(house.landing / "又一次.xlsx")
    assert news_of(house) == []
    (tmp_path / "other").mkdir()
    strange = deliver(House(tmp_path / "other"), extract_of("S9||20250131|1|"))
    house.land("别处.xlsx", mended(strange, put(E2="李四")))
    assert news_of(house) == []


def test_a_returned_sheet_under_a_later_date_begins_no_night_of_that_date(house: House) -> None:
    """The slip tells the date, also where the clerk called the sheet by the day he mended it."""
    first = deliver(house)
    house.land("entry_20250203.xlsx", mended(first, put(E2="李四")))
    assert business_dates(house.landing, house.feeds) == [NIGHT]
    assert [report.state for report in night(house)] == ["loaded"]
    assert len(in_lake(house)) == 2


def test_a_refused_correction_is_news_again_when_it_is_laid_down_again(house: House) -> None:
    first = deliver(house)
    assert come_home(house, first, drop_names, XLSX).state == "refused"
    assert news_of(house) == []
    os.utime(house.landing / XLSX)
    assert news_of(house) == [XLSX]
    night(house)
    assert news_of(house) == []
