"""Five deliveries in any order, each in a night of its own: the same published tables (F25).

Up to the lake all 120 orders are walked, as in tests/unit/ingestion/test_orders.py. ORDERS says in
how many of the 120, seeded, whole nights publish as well; all of them take hours.
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
from pathlib import Path

import pytest

from serving import generation as generations
from tests.faults.trial import Figures
from tests.integration.own_bank import crm, write_page
from tests.unit.ingestion import test_orders as lakes

pytestmark = pytest.mark.faults

SEED = 25
DATE = "2026-01-31"
_POSTINGS = "流水,账号,日期,收付,金额,摘要"
FILES = {
    # A month, one posting of which its last day's own file knows better.
    "postings_202601.csv": (
        f"{_POSTINGS}\n"
        "20,6217000001,2026-01-12,收,300.00,存款\n"
        "21,6217000002,2026-01-31,付,40.00,取款\n"
        "22,6217000003,2026-01-20,收,77.00,存款\n"
    ),
    # That day, and its correction: 30 was booked on another day, 31 never was.
    "postings_20260131.csv": (
        f"{_POSTINGS}\n"
        "21,6217000002,2026-01-31,付,45.00,取款\n"
        "30,6217000001,2026-01-31,收,60.00,存款\n"
        "31,6217000001,2026-01-31,收,61.00,存款\n"
    ),
    "postings_20260131_v2.csv": (
        f"{_POSTINGS}\n"
        "21,6217000002,2026-01-31,付,46.00,取款\n"
        "30,6217000001,2025-12-30,收,60.00,存款\n"
    ),
    # A customer who comes late, and one who is gone.
    "customers_20260115.csv": (
        "客户编号,姓名,类型,支行,管户经理,开户日,备注,变更标志\n"
        "K003,老何,个人,01,E7,2025.12.20,,新增\n"
        "K002,大宁豆腐坊,企业,01,E7,2025.06.15,,删除\n"
    ),
    # The account that the month's file posts to.
    "accounts_20260120.csv": (
        "账号,客户编号,产品,支行,利率,开户日\n6217000003,K003,D1,01,0.35%,2026.01.18\n"
    ),
}
ORDERS = list(itertools.permutations(FILES))


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bank of docs/your-own-bank.md after its first night, on the last day of January."""
    path = tmp_path_factory.mktemp("orders") / "bank"
    path.mkdir()
    write_page(path, is_next_day=False)
    feed = path / "feeds" / "corebank__transaction.yml"
    feed.write_text(feed.read_text(encoding="utf-8").replace("{date}.", "{date}{version}."))
    night(path, "--feeds", "feeds", "--accept-missing")
    return path


def night(bank: Path, *options: str) -> None:
    crm(bank, "run", "--landing", "landing", "--business-date", DATE, *options)


def tables_of(bank: Path) -> dict[str, tuple[int, str]]:
    published = generations.current(bank / "home" / "warehouse")
    assert published is not None
    return published.tables


@pytest.mark.case("F25", "five deliveries in every order: the lake")
def test_every_order_ends_in_the_same_lake(
    figures: Figures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lakes.hurry(monkeypatch)
    figures.tried = len(lakes.ORDERS)
    figures.recovered = lakes.walk_all(tmp_path)
    assert (figures.tried, figures.recovered) == (120, 120)


@pytest.mark.case("F25", "five deliveries in some of their orders: what whole nights publish")
def test_whole_nights_end_the_same_in_any_order(bank: Path, figures: Figures) -> None:
    """Tables after the same files are the same, however they came, and equal a whole rebuild."""
    count = int(os.environ.get("ORDERS", "2"))
    figures.seed = SEED
    figures.notes.append(f"whole nights in {count} of the {len(ORDERS)} orders")
    seen: dict[frozenset[str], dict[str, tuple[int, str]]] = {}
    for order in random.Random(SEED).sample(ORDERS, count):
        figures.tried += 1
        walked = Path(shutil.copytree(bank, bank.parent / "walked", symlinks=True))
        for number, name in enumerate(order, 1):
            (walked / "landing" / name).write_text(FILES[name], encoding="gb18030")
            night(walked, "--force", "--accept-missing")
            found = tables_of(walked)
            expected = seen.setdefault(frozenset(order[:number]), found)
            assert _differing(found, expected) == {}, f"another end of {order[:number]}"
        night(walked, "--force", "--accept-missing", "--full-refresh")
        assert _differing(tables_of(walked), seen[frozenset(FILES)]) == {}, f"rebuilt after {order}"
        shutil.rmtree(walked)
        figures.recovered += 1


def _differing(
    found: dict[str, tuple[int, str]], expected: dict[str, tuple[int, str]]
) -> dict[str, tuple[tuple[int, str] | None, ...]]:
    names = found.keys() | expected.keys()
    return {
        name: (found.get(name), expected.get(name))
        for name in sorted(names)
        if found.get(name) != expected.get(name)
    }
