"""A delivery is held, released, loaded, refused; and what that did to published figures is told.

The small bank of the page, with a feed that is easily alarmed. Each test goes on from the one
before.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from dagster_project import lease
from ingestion.ledger import Ledger
from serving import generation as generations
from tests.integration.own_bank import PROGRAM, crm, land, write_page

pytestmark = pytest.mark.nights

RULE = "activity_time.csv"
LATE = "postings_20251215.csv"


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("bank")
    write_page(place, is_next_day=False)
    feed = place / "feeds" / "corebank__transaction.yml"
    rules = "  volume: {factor: 10, after: 1, at_least: 20}\n  closed_months: 0\n"
    text = feed.read_text(encoding="utf-8").replace(
        "  required: true\n", f"  required: true\n{rules}"
    )
    feed.write_text(text, encoding="utf-8")
    crm(place, "run", "--feeds", "feeds", "--landing", "landing")
    return place


def run(bank: Path, *options: str, **expected: Any) -> str:
    return crm(bank, "run", "--landing", "landing", *options, **expected)


def listed(bank: Path, *options: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(crm(bank, "deliveries", "--json", *options))
    return rows


def published(bank: Path) -> generations.Generation:
    found = generations.current(bank / "home" / "warehouse")
    assert found is not None
    return found


def explained(bank: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(crm(bank, "status", "--changes", "--json"))
    return told


def fees_of(bank: Path) -> dict[str, str]:
    figures: dict[str, str] = published(bank).details["figures"]["costs"]
    return figures


def test_a_delivery_ten_times_larger_is_held_and_nothing_is_published(bank: Path) -> None:
    """F29."""
    rows = (f"{100 + n},6217000001,2026-01-01,收,50.00,存款" for n in range(60))
    land(bank, "2026-01-01", postings=" ".join(rows))
    said = run(bank, code=3)
    assert "is held" in said
    assert "usual are 5" in said
    assert "crm release 8" in said
    (held,) = listed(bank, "--state", "held")
    assert (held["number"], held["file"]) == (8, "postings_20260101.csv")
    assert (held["rows_in"], held["rows_readable"], held["rows_loaded"]) == (61, 60, 0)
    assert published(bank).number == 1
    assert not list((bank / "home/lake/corebank__transaction").glob("*2026-01-01/*.parquet"))


def test_it_stays_held_and_status_says_so_first(bank: Path) -> None:
    assert "is held" in run(bank, code=3)
    lines = crm(bank, "status").splitlines()
    assert lines[2].startswith("held delivery 8, postings_20260101.csv of 2026-01-01")
    assert lines[4].split(" --home")[0] == "  crm release 8 --reason TEXT"
    assert Ledger(bank / "home" / "ledger.sqlite").deliveries(state="held")[0].run_id == 2


def test_what_cannot_be_decided_is_said_in_a_sentence(bank: Path) -> None:
    why = ("--reason", "no")
    assert "--reason is empty" in crm(bank, "release", "8", "--reason", " ", code=2)
    assert "There is no delivery 99" in crm(bank, "release", "99", *why, code=2)
    assert "is loaded already and needs no release" in crm(bank, "release", "1", *why, code=2)
    assert "a delivery is one of" in crm(bank, "deliveries", "--state", "odd", code=2)
    assert "write it as YYYY-MM-DD" in crm(bank, "deliveries", "--date", "1.1.", code=2)
    assert "crm feeds lists" in crm(bank, "deliveries", "--feed", "odd", code=2)
    with lease.hold(bank / "home" / ".lease"):
        assert "lease of this home" in crm(bank, "release", "8", *why, code=5)
    assert [row["number"] for row in listed(bank, "--state", "held")] == [8]


def test_released_it_is_loaded_by_the_next_night(bank: Path) -> None:
    said = crm(bank, "release", "8", "--reason", "支行电话确认", "--by", "王经理")
    assert "The next night loads it: crm run" in said
    (waiting,) = listed(bank, "--state", "received")
    assert waiting["why_en"] == "released; the next crm run takes it"
    run(bank)
    assert (published(bank).number, published(bank).business_date.isoformat()) == (2, "2026-01-01")
    told = json.loads(crm(bank, "deliveries", "8", "--json"))
    assert (told["state"], told["rows_loaded"]) == ("loaded", 60)
    (decision,) = told["decisions"]
    assert decision["decision"] == "release"
    assert decision["decided_by"].startswith("王经理 (")
    assert [each["code"] for each in told["doubts"]] == ["volume"]
    in_words = crm(bank, "deliveries", "8")
    assert "because: 支行电话确认" in in_words
    assert told["archived"] in in_words.replace("\n", "")
    assert explained(bank)["changes"] == [], "January runs, and December is what it was"
    assert "Nothing to do" in run(bank)


def test_a_late_file_is_taken_by_the_next_run_and_explains_what_it_changed(bank: Path) -> None:
    before = fees_of(bank)
    rows = "".join(f"{300 + n},6217000001,2025-12-15,收,10.00,存款\n" for n in range(7))
    text = f"流水,账号,日期,收付,金额,摘要\n{rows}"
    (bank / "landing" / LATE).write_text(text, encoding="gb18030")
    run(bank)
    assert (published(bank).number, published(bank).business_date.isoformat()) == (3, "2026-01-01")
    assert "Nothing to do" in run(bank)
    told = explained(bank)
    assert (told["against"], told["not_explained"]) == (2, 0)
    (costs,) = [each for each in told["changes"] if each["figure"] == "costs"]
    assert (costs["month"], costs["before"]) == ("2025-12", before["2025-12"])
    assert costs["after"] == fees_of(bank)["2025-12"] != costs["before"]
    (cause,) = costs["causes"]
    assert (cause["kind"], cause["from_month"]) == ("data", "2025-12")
    assert cause["en"] == f"{LATE} (delivery 9 of 2025-12-15, 7 rows) came late"
    assert "by data" in crm(bank, "status")
    assert "(can touch 2025-12 and later months)" in crm(bank, "status", "--changes")


def test_a_correction_of_a_closed_month_waits_and_is_refused(bank: Path) -> None:
    """F22: it takes no loaded one's place, and once refused it is not asked about again."""
    path = bank / "landing" / LATE
    path.write_bytes(
        path.read_bytes() + "307,6217000001,2025-12-15,收,1.00,存款\n".encode("gb18030")
    )
    assert "corrects 2025-12, 1 months before" in run(bank, code=3)
    (held,) = listed(bank, "--state", "held")
    said = crm(bank, "refuse", str(held["number"]), "--reason", "未经批准")
    assert f"Delivery {held['number']}, {LATE}, is refused." in said
    assert {row["state"] for row in listed(bank) if row["file"] == LATE} == {"loaded", "refused"}
    assert "Nothing to do" in run(bank)
    assert json.loads(crm(bank, "status", "--json"))["refused"] == [], "nobody owes anything"


def test_a_loaded_delivery_refused_and_a_rule_changed_are_both_named(
    bank: Path, tmp_path: Path
) -> None:
    """The delivery leaves the lake, its dates are built again, and each cause says what it reaches.

    The rule is changed in a copy of the program.
    """
    before = fees_of(bank)
    said = crm(bank, "refuse", "9", "--reason", "重复报送")
    assert "built again by the next night" in said
    assert not list((bank / "home/lake/corebank__transaction").glob("*2025-12-15/*.parquet"))
    for part in ("dagster_project", "ingestion", "ml", "serving", "dbt"):
        ignored = shutil.ignore_patterns("target", "__pycache__")
        shutil.copytree(PROGRAM / part, tmp_path / part, ignore=ignored)
    rule = tmp_path / "dbt" / "seeds" / "rules" / RULE
    text = rule.read_text(encoding="utf-8")
    assert "cash_deposit,counter,CP01,6." in text
    rule.write_text(
        text.replace("cash_deposit,counter,CP01,6.", "cash_deposit,counter,CP01,7."), "utf-8"
    )
    run(bank, program=tmp_path)
    told = explained(bank)
    assert (told["generation"], told["against"], told["not_explained"]) == (4, 3, 0)
    (costs,) = [
        each for each in told["changes"] if (each["figure"], each["month"]) == ("costs", "2025-12")
    ]
    assert costs["before"] == before["2025-12"]
    data, rule_cause = costs["causes"]
    assert data["en"].startswith(f"{LATE} (delivery 9 of 2025-12-15, 7 rows) was taken out again")
    assert data["en"].endswith("重复报送")
    assert rule_cause == {
        "kind": "rule",
        "zh": f"规则 {RULE} 已修改",
        "en": f"the rule {RULE} was changed",
        "from_month": "1900-01",
        "months": None,
        "model": None,
    }
