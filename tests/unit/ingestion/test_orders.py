"""Late, corrected and partial deliveries: in whatever order they come, the lake ends the same."""

from __future__ import annotations

import datetime as dt
import itertools
import shutil
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import pytest

import ingestion.extract
from ingestion.batch import BatchReport
from ingestion.contracts import load_feeds
from ingestion.reading.load import open_engine
from ingestion.workers.task import Task, perform
from tests.unit.ingestion.house import House

FEEDS = {
    name: feed
    for name, feed in load_feeds().items()
    if name in ("corebank__transaction", "corebank__customer", "fieldwork__visit")
}
LAST_NIGHT = dt.date(2026, 1, 31)
_POSTED = "流水号|账号|记账日期|借贷标志|交易金额|币种|交易类型|渠道|发起方"
_CUSTOMER = "客户号|来源系统|客户名称|客户类型|开户机构|状态|更新日期|变更标志"
_VISIT = "客户号|工号|走访日期|走访方式|目的|结果|录入日期"


def _extract(headings: str, *rows: str) -> bytes:
    return "".join(f"{line}\n" for line in (headings, *rows)).encode("gb18030")


def _posting(number: int, day: int, amount: str) -> str:
    return f"T{number}|6217|202601{day:02d}|贷|{amount}|CNY|转入|柜面|客户"


def _visit(employee: str, day: int) -> str:
    return f"C1|{employee}|2026-01-{day:02d}|上门|贷款营销|有意向|2026-01-{day:02d}"


FILES = {
    # A closed month, and the same month restated: T2 is another day's, T3 was taken back.
    "corebank_transaction_202601.csv": _extract(
        _POSTED, _posting(1, 5, "1.00"), _posting(2, 6, "2.00"), _posting(3, 7, "3.00")
    ),
    "corebank_transaction_202601_更正1.csv": _extract(
        _POSTED, _posting(1, 5, "1.00"), _posting(2, 9, "2.00"), _posting(4, 31, "4.00")
    ),
    # The month's last day on its own, which knows T4 by another amount.
    "corebank_transaction_20260131.csv": _extract(
        _POSTED, _posting(4, 31, "4.44"), _posting(5, 31, "5.00")
    ),
    # Changes of a day long past: a customer who comes late, and one who is gone.
    "corebank_customer_20260110.csv": _extract(
        _CUSTOMER,
        "C1|核心|张三|个人|01|正常|20260110|新增",
        "C2|核心|李四|个人|01|正常|20260110|D",
    ),
    # One of several teams' parts.
    "fieldwork_visit_二组_202601.csv": _extract(_VISIT, _visit("E1", 20), _visit("E2", 21)),
}
ORDERS = list(itertools.permutations(FILES))
# File, and its precedence: what has to lie in the lake when all have come.
STANDING = {
    ("corebank_transaction_202601_更正1.csv", "0001|1|"),
    ("corebank_transaction_20260131.csv", "0000|2|"),
    ("corebank_customer_20260110.csv", "0000|2|"),
    ("fieldwork_visit_二组_202601.csv", "0000|1|二组"),
}


class InThisProcess:
    """A pool without children, which reads what it is told to read twice only once.

    What a file reads as is no matter of its order: a task is given the answer of its equal.
    """

    engine: Any = None
    answers: ClassVar[dict[Task, tuple[BatchReport, bytes]]] = {}

    def __init__(self, feeds: dict[str, Any], *_: object) -> None:
        self.feeds = feeds

    def __enter__(self) -> InThisProcess:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, BatchReport]]:
        InThisProcess.engine = InThisProcess.engine or open_engine()
        for task in tasks:
            place = Path(task.archived.name)
            same = replace(task, delivery_id=0, archived=place, unfinished=place, quarantine=place)
            if same not in self.answers:
                report = perform(task, self.feeds[task.feed], InThisProcess.engine)
                self.answers[same] = (report, task.unfinished.read_bytes())
            report, rows = self.answers[same]
            task.unfinished.write_bytes(rows)
            yield task, deepcopy(report)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read in this process, and sync nothing."""
    monkeypatch.setattr(ingestion.extract, "ReaderPool", InThisProcess)
    # A power cut is not what is tried here, and a hundred nights sync a lot.
    monkeypatch.setattr("os.fsync", lambda _: None)


def _night(house: House, name: str) -> None:
    """One night that finds one more file."""
    house.land(name, FILES[name])
    run_id = house.run(LAST_NIGHT)
    house.extract(house.receive(LAST_NIGHT, run_id).pending, run_id)


def _lake(house: House) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the lake by feed, origin and precedence included."""
    return {
        name: duckdb.sql(
            f"FROM read_parquet('{house.lake}/{name}/*/*.parquet', hive_partitioning = true)"
            " ORDER BY ALL"
        ).fetchall()
        for name in FEEDS
    }


def _walk(house: House, done: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], House]]:
    """Every order that begins with `done`; nights that orders share are run once."""
    left = [name for name in FILES if name not in done]
    if not left:
        yield done, house
    for name in left:
        copied = shutil.copytree(
            house.path, house.path.parent / "-".join(map(_short, (*done, name)))
        )
        nightly = House(copied, FEEDS)
        _night(nightly, name)
        yield from _walk(nightly, (*done, name))
        shutil.rmtree(copied)


def _short(name: str) -> str:
    return str(list(FILES).index(name))


@pytest.mark.usefixtures("quick")
def test_any_order_of_five_files_ends_in_the_same_lake(tmp_path: Path) -> None:
    assert walk_all(tmp_path) == 120


def walk_all(folder: Path) -> int:
    """Walk every order in nights of its own; how many ended in one and the same lake: all."""
    (folder / "first").mkdir()
    expected: dict[str, list[tuple[object, ...]]] = {}
    seen = []
    for order, house in _walk(House(folder / "first", FEEDS), ()):
        seen.append(order)
        found = _lake(house)
        expected = expected or found
        assert found == expected, f"another lake after {order}"
        states = {row.file_name: row.state for row in house.ledger.deliveries()}
        assert states.pop("corebank_transaction_202601.csv") == "superseded"
        assert set(states.values()) == {"loaded"}
    assert sorted(seen) == sorted(ORDERS)
    assert _origins(expected) == STANDING
    return len(seen)


def _origins(lake: dict[str, list[tuple[object, ...]]]) -> set[tuple[object, object]]:
    """File and precedence of the rows, which lie behind a feed's own columns."""
    return {
        (row[width + 2], row[width + 1])
        for name, rows in lake.items()
        for row in rows
        for width in [len(FEEDS[name].columns)]
    }


@pytest.mark.usefixtures("quick")
def test_of_equal_versions_the_later_delivery_holds(tmp_path: Path) -> None:
    """Nothing in the files says which is right; that they were sent again does."""
    ends = []
    one, other = (_extract(_POSTED, _posting(1, 5, amount)) for amount in ("1.00", "2.00"))
    for number, contents in enumerate([(one, other), (other, one), (one, other, other)]):
        house = House(_folder(tmp_path, number), FEEDS)
        for content in contents:
            house.land("corebank_transaction_20260105.csv", content)
            run_id = house.run(LAST_NIGHT)
            house.extract(house.receive(LAST_NIGHT, run_id).pending, run_id)
        (row,) = duckdb.sql(
            f"SELECT amount::VARCHAR FROM '{house.lake}/corebank__transaction/*/*.parquet'"
        ).fetchall()
        ends.append(row[0])
    assert ends == ["2.00", "1.00", "2.00"]


def _folder(tmp_path: Path, number: int) -> Path:
    path = tmp_path / f"house {number}"
    path.mkdir()
    return path


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("order", list(itertools.permutations(["", "_v2", "_v10"])))
def test_the_highest_version_holds_in_whatever_order(
    tmp_path: Path, order: tuple[str, ...]
) -> None:
    house = House(_folder(tmp_path, 0), FEEDS)
    for mark in order:
        house.land(
            f"corebank_transaction_20260105{mark}.csv",
            _extract(_POSTED, _posting(1, 5, {"": "1.00", "_v2": "2.00", "_v10": "3.00"}[mark])),
        )
        run_id = house.run(LAST_NIGHT)
        house.extract(house.receive(LAST_NIGHT, run_id).pending, run_id)
    loaded = house.ledger.deliveries(state="loaded")
    assert [row.file_name for row in loaded] == ["corebank_transaction_20260105_v10.csv"]
    assert house.in_lake() == [loaded[0].batch_id]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("is_one_night", [False, True])
@pytest.mark.parametrize(
    "versions", [{"": 1, "_v2": 1}, {"": 1, "_v2": 2, "_v3": 1}, {"": 1, "_v2": 2, "_v3": 2}]
)
def test_content_that_comes_again_as_a_version_holds_in_whatever_order(
    tmp_path: Path, versions: dict[str, int], is_one_night: bool
) -> None:
    """A correction taken back was called a copy of what it had corrected."""
    last = max(versions, key=lambda mark: int(mark[2:] or 0))
    for number, order in enumerate(itertools.permutations(versions)):
        house = House(_folder(tmp_path, number), FEEDS)
        for mark in order:
            content = _extract(_POSTED, _posting(1, 5, f"{versions[mark]}.00"))
            house.land(f"corebank_transaction_20260105{mark}.csv", content)
            if not is_one_night or mark == order[-1]:
                run_id = house.run(LAST_NIGHT)
                house.extract(house.receive(LAST_NIGHT, run_id).pending, run_id)
        (loaded,) = house.ledger.deliveries(state="loaded")
        assert house.in_lake() == [loaded.batch_id], order
        (row,) = duckdb.sql(
            "SELECT amount::VARCHAR, batch_precedence"
            f" FROM '{house.lake}/corebank__transaction/*/*.parquet'"
        ).fetchall()
        assert row == (f"{versions[last]}.00", f"{int(last[2:] or 0):04d}|2|"), order
        # Nothing that lies there is taken in once more in the next night.
        assert house.receive(LAST_NIGHT).pending == []
