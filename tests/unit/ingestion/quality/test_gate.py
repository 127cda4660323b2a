"""The gate: each expectation fails on the batch that breaks it, and on no other."""

from __future__ import annotations

import datetime as dt
import json
import re
import socket
from dataclasses import dataclass, field

import pytest

from ingestion.batch import BatchReport, ColumnProfile, State
from ingestion.contracts.load import load_feeds
from ingestion.lake import Lake
from ingestion.quality.expectations import expectations_of
from ingestion.quality.gate import GateResult, Passage, check, run_gate, validate
from ingestion.quality.profile import BOUNDS, INDEX, profile_frame
from tests.unit.ingestion.house import House, report_of
from tests.unit.ingestion.made_up import CSV, NIGHT, column, extract_of, feed

FEED = feed(
    column("serial_id", "流水号", required=True),
    column("kind_code", "种类", "code", values={"a": ["甲"], "b": ["乙"]}),
    column("booked_date", "日期", "date", min="2000-01-01", max="2030-12-31"),
    column("amount", "金额", "money", min=0, max=1000),
    column("note_text", "备注"),
)
FEEDS = {FEED.feed: FEED}
FIRST, LAST = ((dt.date.fromisoformat(d) - dt.date(1970, 1, 1)).days
               for d in ("2000-01-01", "2030-12-31"))  # fmt: skip


@dataclass
class Counted:
    """What a reader counted of one batch, all of it sound unless something else is said."""

    counts: dict[str, object] = field(default_factory=dict)
    column: str = ""
    profile: dict[str, object] = field(default_factory=dict)
    state: State = "loaded"

    def report(self, batch_id: str) -> BatchReport:
        profiles = {
            "serial_id": {"nulls": 0, "refused": 0},
            "kind_code": {"nulls": 0, "refused": 0, "distinct": 2},
            "booked_date": {"nulls": 0, "refused": 0, "minimum": FIRST, "maximum": LAST},
            "amount": {"nulls": 0, "refused": 1, "minimum": 0.0, "maximum": 1000.0},
            "note_text": {"nulls": 0, "refused": 0},
        }
        if self.column:
            profiles[self.column] |= self.profile
        report = BatchReport(FEED.feed, batch_id, NIGHT, CSV, state=self.state)
        report.columns = [ColumnProfile(name, **p) for name, p in profiles.items()]
        sound = {"rows_in": 32, "rows_loaded": 30, "rows_quarantined": 1, "rows_not_data": 1,
                 "counted_rows": 32, "key_count": 30}  # fmt: skip
        for name, value in {**sound, **self.counts}.items():
            setattr(report, name, value)
        return report


BROKEN: dict[str, tuple[Counted, str, str, str]] = {
    "required": (Counted(column="serial_id", profile={"nulls": 1}), "required",
                 "必填列存在空值（serial_id）", "a required column has empty values (serial_id)"),
    "amount too small": (Counted(column="amount", profile={"minimum": -0.01}), "minimum",
                         "存在小于下限的值（amount）", "a value is below its minimum (amount)"),
    "date too early": (Counted(column="booked_date", profile={"minimum": FIRST - 1}), "minimum",
                       "存在小于下限的值（booked_date）", "below its minimum (booked_date)"),
    "amount too big": (Counted(column="amount", profile={"maximum": 1000.01}), "maximum",
                       "存在大于上限的值（amount）", "a value is above its maximum (amount)"),
    "date too late": (Counted(column="booked_date", profile={"maximum": LAST + 1}), "maximum",
                      "存在大于上限的值（booked_date）", "above its maximum (booked_date)"),
    "codes": (Counted(column="kind_code", profile={"distinct": 3}), "listed",
              "代码种类多于约定（kind_code）", "more codes than the feed lists (kind_code)"),
    "keys": (Counted({"key_count": 29}), "unique", "主键不唯一。", "the key is not unique."),
    "more keys than rows": (Counted({"key_count": 31}), "unique", "主键不唯一", "not unique"),
    "a row lost": (Counted({"rows_loaded": 29, "key_count": 29}), "accounted",
                   "读入行数与入库、隔离、非数据行数之和不符", "rows in are not rows loaded"),
    "a row from nowhere": (Counted({"rows_not_data": 2}), "accounted",
                           "读入行数与入库、隔离、非数据行数之和不符", "refused and no data"),
    "another count": (Counted({"counted_rows": 33}), "counted",
                      "两次计数的行数不一致", "the second counter counted other rows"),
    "a fifth refused": (Counted({"rows_in": 39, "counted_rows": 39, "rows_quarantined": 8}),
                        "refused_share", "拒收比例超过上限", "too large a share of its rows"),
}  # fmt: skip
SOUND: dict[str, Counted] = {
    "as it should be": Counted(),
    "nothing loaded": Counted({"rows_loaded": 0, "key_count": 0, "rows_in": 2, "counted_rows": 2}),
    "a column of nulls": Counted(column="amount",
                                 profile={"nulls": 30, "minimum": None, "maximum": None}),
    "at its bounds": Counted(column="amount", profile={"minimum": 0.0, "maximum": 1000.0}),
    "no codes": Counted(column="kind_code", profile={"distinct": 0}),
    "a fifth": Counted({"rows_in": 38, "counted_rows": 38, "rows_quarantined": 7}),
    "a small sheet": Counted({"rows_loaded": 1, "rows_quarantined": 9, "rows_in": 11,
                              "counted_rows": 11, "key_count": 1}),
    "rows written twice": Counted({"rows_quarantined": 30, "rows_in": 61, "counted_rows": 61,
                                   "reasons": {"duplicate": 30}}),
}  # fmt: skip


@pytest.fixture(scope="module")
def passage() -> Passage:
    """All of them in one go, as in a night: starting the tool takes seconds."""
    reports = [counted.report(name) for name, (counted, *_) in BROKEN.items()]
    reports += [counted.report(name) for name, counted in SOUND.items()]
    reports += [Counted(state="refused").report("refused file")]
    return check(reports, FEEDS)


@pytest.fixture(scope="module")
def results(passage: Passage) -> dict[str, GateResult]:
    return {result.batch_id: result for result in passage.results}


@pytest.mark.parametrize("name", BROKEN)
def test_what_breaks_an_expectation_fails_it_alone(
    results: dict[str, GateResult], name: str
) -> None:
    _, expectation, zh, en = BROKEN[name]
    result = results[name]
    assert not result.passed
    assert [each.name for each in result.checks if not each.passed] == [expectation]
    (problem,) = result.problems
    assert problem.zh.startswith(f"{CSV}：")
    assert problem.en.startswith(f"{CSV}: ")
    assert zh in problem.zh
    assert en in problem.en


@pytest.mark.parametrize("name", SOUND)
def test_what_is_sound_passes(results: dict[str, GateResult], name: str) -> None:
    assert results[name].passed
    assert results[name].problems == []
    blocking = [(each.name, each.column) for each in expectations_of(FEED) if each.is_blocking]
    assert [(each.name, each.column) for each in results[name].checks] == blocking


def test_every_blocking_expectation_can_fail() -> None:
    assert {expectation for _, expectation, *_ in BROKEN.values()} == {
        each.name for each in expectations_of(FEED) if each.is_blocking
    }


def test_a_refused_file_is_not_asked_about(results: dict[str, GateResult]) -> None:
    assert "refused file" not in results
    assert check([], FEEDS) == Passage()


def test_each_declaration_of_a_feed_is_one_of_its_expectations() -> None:
    found = {each.id: (each.least, each.most) for each in expectations_of(FEED)}
    assert found == {
        "unique": (0, 0),
        "accounted": (0, 0),
        "counted": (0, 0),
        "refused_share": (None, 0.2),
        "readable serial_id": (None, 0),
        "required serial_id": (None, 0),
        "readable kind_code": (None, 0),
        "listed kind_code": (None, 2),
        "readable booked_date": (None, 0),
        "minimum booked_date": (FIRST, None),
        "maximum booked_date": (None, LAST),
        "readable amount": (None, 0),
        "minimum amount": (0, None),
        "maximum amount": (None, 1000),
    }


def test_a_pattern_stands_in_what_is_expected() -> None:
    with_pattern = feed(
        column("serial_id", "流水号", required=True, pattern="^S[0-9]+$"),
        column("booked_date", "日期", "date"),
    )
    told = {each.id: each.what for each in expectations_of(with_pattern)}
    assert told["readable serial_id"] == (
        "报送的“流水号”都符合约定：文本，必填，格式 ^S[0-9]+$",
        "every serial_id delivered is text, required, written as ^S[0-9]+$",
    )


def test_every_expectation_of_the_standard_feeds_speaks_both_languages() -> None:
    for each in (e for f in load_feeds().values() for e in expectations_of(f)):
        for sentence in (each.what, each.fault):
            assert re.search("[\u4e00-\u9fff]", sentence.zh), each.id
            assert sentence.en.isascii() or each.column, each.id


def test_refused_cells_are_told_and_refuse_no_file(
    passage: Passage, results: dict[str, GateResult]
) -> None:
    """Their rows are in quarantine already; the operator learns how many, and of which column."""
    answers = {each.expectation.id: each for each in passage.validations[0].answers}
    told = answers["readable amount"]
    assert set(told.failing) == {*BROKEN, *SOUND}
    assert told.rows == len(told.failing) == told.batches
    assert not answers["readable serial_id"].failing
    assert results["as it should be"].passed
    assert (answers["unique"].rows, answers["unique"].failing) == (
        2,
        ("keys", "more keys than rows"),
    )


def test_the_profile_is_counts_and_bounds_alone() -> None:
    frame = profile_frame([Counted().report("b1")], {FEED.feed: expectations_of(FEED)})
    assert list(frame.columns) == [*INDEX, *BOUNDS]
    assert list(frame.select_dtypes(exclude="number").columns) == list(INDEX)
    assert set(frame["expectation"]) == {each.id for each in expectations_of(FEED)}
    amount = frame.set_index("expectation").loc["maximum amount"]
    assert (amount["measured"], amount["most"]) == (1000, 1000)


def test_the_tool_calls_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A16: its analytics are off; not even a look-up of a name is tried."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the tool wanted the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert check([Counted().report("b1")], FEEDS).results[0].passed


def test_the_tools_results_name_no_measured_value() -> None:
    """The greatest balance is somebody's: 8765432.19 is above its bound, and told nowhere."""
    report = Counted(column="amount", profile={"maximum": 8765432.19}).report("b1")
    frame = profile_frame([report], {FEED.feed: expectations_of(FEED)})
    results = validate(frame)
    assert results[0]["result"]["unexpected_count"] == 2
    assert "8765432" not in json.dumps(results)
    assert "8765432" not in str(
        [check.message for check in check([report], FEEDS).results[0].checks]
    )


def test_the_gate_acts_on_what_it_finds(house: House) -> None:
    """The last good delivery comes back; what is kept of the results is counts."""
    house.feeds = FEEDS
    contents = ["S1|甲|20250131|1|", "S1|乙|20250131|2|"]
    for number, line in enumerate(contents):
        text = extract_of(line, headings="流水号|种类|日期|金额|备注")
        house.land(f"{number}/{CSV}", text)
    house.land("entry_20250130.csv", extract_of("S1|甲|||", headings="流水号|种类|日期|金额|备注"))
    rows = {row.landing_path: row for row in house.receive().received}
    lake = Lake(house.lake)
    for row in rows.values():
        unfinished = lake.unfinished_path(row.feed, row.business_date, row.batch_id)
        unfinished.write_bytes(b"rows")
        lake.commit(unfinished, row.feed, row.business_date, row.batch_id)
        bad = row.landing_path.startswith("1/")
        _, replaced = house.ledger.commit(
            row, report_of(row, key_count=0 if bad else 1), "event", 1
        )
        for old in replaced:
            lake.remove(old.feed, old.business_date, old.batch_id)
    first, second = rows[f"0/{CSV}"], rows[f"1/{CSV}"]
    passage = run_gate(house.ledger, house.lake, FEEDS, second.run_id)
    assert {result.batch_id: result.passed for result in passage.results} == {
        second.batch_id: False,
        rows["entry_20250130.csv"].batch_id: True,
    }
    assert [row.delivery_id for row in passage.revived] == [first.delivery_id]
    refused = house.ledger.deliveries(state="refused")[0]
    assert refused.refusal == (
        f"质量关卡未通过：{CSV}：主键不唯一。",
        f"The quality gate refused the file: {CSV}: the key is not unique.",
    )
    assert json.loads(refused.gate or "") == {"passed": False, "failed": ["unique"]}
    assert house.in_lake() == [rows["entry_20250130.csv"].batch_id]
    assert run_gate(house.ledger, house.lake, FEEDS, second.run_id) == Passage()
