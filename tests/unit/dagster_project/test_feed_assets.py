"""The first step of a night under Dagster: what its asset checks say, and what nobody may find."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_project import conductor
from dagster_project.assets.feeds import OVERVIEW, check_spec, feed_assets
from dagster_project.home import Home
from dagster_project.night import Request
from dagster_project.resources import NIGHTLY, RESOURCES
from ingestion.contracts.load import load_feeds
from ingestion.ledger import Ledger
from ingestion.quality import gate
from ingestion.quality.expectations import expectations_of
from tests.unit.dagster_project.test_plan import day

DATE = day("2026-01-05")
LONG_AGO = 1_700_000_000
# Values that stand in the files, and that must stand in nothing a person without rights may open.
MARKED = {
    "name": "赵铁柱印记",
    "id number": "11010119900307MARK",
    "mobile": "13877990011",
    "address": "印记街道八十八号",
    "amount": "87654321.19",
    "status": "印记状态",
    "account": "6217999988887777",
    "negative": "-5432109.87",
}
PERSON = "|".join(MARKED[kind] for kind in ("name", "id number", "mobile", "address"))
CUSTOMERS = f"""\
客户号|来源系统|客户类型|证件类型|客户名称|证件号码|手机号|地址|开户机构|状态|更新日期
C000001|核心|个人|身份证|{PERSON}|B01|正常|2026-01-05
C000002|核心|个人|身份证|{PERSON}|B01|{MARKED["status"]}|2026-01-05
"""
POSTINGS = f"""\
流水号|账号|记账日期|借贷标志|交易金额|币种|交易类型|渠道|发起方|摘要
J1|{MARKED["account"]}|2026-01-05|贷|{MARKED["amount"]}|CNY|现金存入|柜面|客户|{MARKED["name"]}
J2|{MARKED["account"]}|2026-01-05|贷|{MARKED["negative"]}|CNY|现金存入|柜面|客户|{MARKED["name"]}
"""
# No heading: refused as a whole, and its first line is a person.
LOANS = f"C000001|{MARKED['name']}|{MARKED['id number']}|{MARKED['amount']}\n"


@dataclass
class Evening:
    """What one step left behind."""

    home: Home
    result: dg.ExecuteInProcessResult
    answers: list[list[dict[str, Any]]]

    def check(self, name: str) -> dg.AssetCheckEvaluation:
        return {each.check_name: each for each in self.result.get_asset_check_evaluations()}[name]

    def description(self, name: str) -> str:
        return str(self.check(name).description or "")


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    home = Home(tmp_path_factory.mktemp("home")).create()
    for name, text in (
        ("corebank_customer", CUSTOMERS),
        ("corebank_transaction", POSTINGS),
        ("corebank_loan", LOANS),
    ):
        path = home.landing / f"{name}_{DATE:%Y%m%d}.csv"
        path.write_text(text, encoding="gb18030")
        os.utime(path, (LONG_AGO, LONG_AGO))
    answers: list[list[dict[str, Any]]] = []
    real = gate.validate

    def remembering(frame: Any) -> list[dict[str, Any]]:
        answers.append(real(frame))
        return answers[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRM_ENVIRONMENT", "test")
        patch.setenv("DAGSTER_HOME", "")
        patch.setenv("CRM_HOME", "")
        patch.setattr(gate, "validate", remembering)
        conductor.prepare_instance(home)
        defs = dg.Definitions(
            assets=feed_assets(load_feeds())[:1],
            jobs=[dg.define_asset_job(NIGHTLY, executor_def=dg.in_process_executor)],
            resources=RESOURCES,
        )
        with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
            result = defs.resolve_job_def(NIGHTLY).execute_in_process(
                instance=instance,
                run_config=conductor.run_config(Request(DATE, home.landing, workers=1)),
                raise_on_error=False,
            )
        yield Evening(home, result, answers)


def test_the_night_stops_for_what_is_missing(evening: Evening) -> None:
    assert not evening.result.success
    (run,) = Ledger(evening.home.ledger).runs()
    assert (run.state, run.business_date) == ("failed", DATE)
    assert "corebank__account" in (run.message or "")


def test_a_check_says_who_must_do_what_in_both_languages(evening: Evening) -> None:
    said = evening.description("corebank__account_arrived")
    assert "请科技部补报" in said
    assert "科技部 delivers it" in said
    assert "corebank_account_{date}.csv" in said
    late = evening.check("corebank__account_fresh")
    assert (late.passed, late.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert "从未报送" in str(late.description)
    assert late.metadata["owner"].value == "科技部"


def test_what_need_not_come_is_a_warning_and_blocks_nothing(evening: Evening) -> None:
    refused = evening.check("corebank__loan_arrived")
    assert (refused.passed, refused.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "corebank_loan_20260105.csv 被拒收" in str(refused.description)
    assert "请信贷部补报" in str(refused.description)
    assert evening.check("corebank__loan_fresh").passed
    assert evening.check("survey__form_arrived").passed


def test_the_gates_check_counts_what_it_asked_and_what_did_not_hold(evening: Evening) -> None:
    told = evening.check("corebank__transaction_gate").metadata
    declared = expectations_of(load_feeds()["corebank__transaction"])
    assert told["expectations"].value == len(declared) > 20
    assert told["expectations_unmet"].value == {"readable amount": {"files": 1, "rows": 1}}
    assert "expectations" not in evening.check("corebank__account_gate").metadata


def test_one_page_says_how_feeds_stand_and_who_must_act(evening: Evening) -> None:
    (event,) = [
        each
        for each in evening.result.get_asset_materialization_events()
        if each.asset_key == dg.AssetKey(OVERVIEW)
    ]
    told = event.materialization.metadata
    act, feeds = str(told["who_must_act"].value), str(told["feeds"].value)
    assert "| 科技部 | late |  |" in act
    assert "| 信贷部 | refused | 2026\\-01\\-05 |" in act
    assert "corebank\\_loan\\_20260105.csv" in act
    (line,) = [each for each in feeds.splitlines() if "corebank\\_\\_customer " in each]
    assert line.endswith("| 科技部 | fresh | 2026\\-01\\-05 |  | 1 | 1 |")


def test_every_feed_has_every_check_and_all_of_them_answer(evening: Evening) -> None:
    feeds = [feed for feed in load_feeds().values() if not feed.is_internal]
    names = {f"{f.feed}_{c}" for f in feeds for c in ("arrived", "fresh", "gate", "conserved")}
    assert {e.check_name for e in evening.result.get_asset_check_evaluations()} == names


def test_the_feeds_word_decides_what_blocks() -> None:
    feeds = load_feeds()
    account, loan = feeds["corebank__account"], feeds["corebank__loan"]
    blocking = {
        (feed.feed, check): check_spec(feed, check).blocking
        for feed in (account, loan)
        for check in ("arrived", "fresh", "gate", "conserved")
    }
    assert [check for (name, check), stops in blocking.items() if stops and name == loan.feed] == [
        "conserved"
    ]
    assert not blocking[account.feed, "fresh"], "what did not arrive blocks already"
    assert blocking[account.feed, "arrived"]
    assert blocking[account.feed, "gate"]
    assert "负责 Owner: 信贷部" in (check_spec(loan, "gate").description or "")


def test_the_gates_page_is_written_with_its_counts(evening: Evening) -> None:
    run = Ledger(evening.home.ledger).runs()[-1]
    page = evening.home.data_docs / f"2026-01-05-run{run.run_id}.html"
    html = page.read_text(encoding="utf-8")
    assert "客户信息" in html
    assert "科技部" in html
    assert "corebank_transaction_20260105.csv" in html, "the file of the refused row is named"


def _texts_of(folder: Path) -> dict[str, str]:
    """Every file below a folder as text; of a database all its cells."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found[str(path)] = path.read_bytes().decode("utf-8", errors="replace")
            if path.suffix == ".db":
                with sqlite3.connect(path) as connection:
                    found[str(path)] += "\n".join(connection.iterdump())
                connection.close()
    return found


@pytest.mark.parametrize("kind", MARKED)
def test_no_marked_value_is_in_what_the_operator_sees(evening: Evening, kind: str) -> None:
    """C7: neither in the tool's results, nor its pages, Dagster's storage, nor our logs."""
    value = MARKED[kind]
    digits = value.strip("-").split(".")[0]
    assert evening.answers, "the gate was asked"
    texts = {
        "results": json.dumps(evening.answers, ensure_ascii=False),
        **_texts_of(evening.home.dagster),
        **_texts_of(evening.home.exports),
        **_texts_of(evening.home.logs),
    }
    assert len(texts) > 5
    escaped = value.encode("unicode_escape").decode()
    hits = [name for name, text in texts.items() if digits in text or escaped in text]
    assert hits == []


def test_the_scan_would_find_what_is_there(evening: Evening) -> None:
    """The quarantine holds the refused rows; were it scanned, every mark would be found."""
    texts = _texts_of(evening.home.dagster)
    assert any("corebank__account_arrived" in text for text in texts.values())
    assert any(evening.home.quarantine.rglob("*.parquet"))
