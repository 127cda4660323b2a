"""Findings of a night: what stops one is told in a sentence, and stops nothing else."""

from __future__ import annotations

import csv
import datetime as dt
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import duckdb
import polars as pl
import pytest

from dagster_project.assets.findings import FINDINGS, finding_assets
from dagster_project.errors import NoBuildError
from dagster_project.stages import churn_rules, identity, lifetimes, segments, uplifts, wallets
from dagster_project.stages.findings import rule_row
from ml.campaign_uplift import COLUMNS
from ml.causes import UNKNOWN_SEGMENT
from ml.churn_rules import TreeRule
from ml.errors import InputRefused
from ml.names import POPULATIONS
from ml.wallets import COLUMNS as WALLET_COLUMNS
from ml.wallets import WalletRule
from tests.conventions.file_rules import REPOSITORY

DAY = dt.date(2025, 3, 31)
STAGES = {
    "lifetimes": lifetimes,
    "segments": segments,
    "churn_rules": churn_rules,
    "uplifts": uplifts,
    "wallets": wallets,
}
READERS = dict.fromkeys(STAGES, "read") | {"segments": "fit_and_place"}


def _night(*, has_build: bool = True) -> Any:
    return SimpleNamespace(
        build=SimpleNamespace(database=Path) if has_build else None,
        request=SimpleNamespace(business_date=DAY),
    )


def test_every_stage_is_a_step_of_the_night() -> None:
    assert {finding.name: finding.find for finding in FINDINGS} == {
        name: stage.find for name, stage in STAGES.items()
    }


@pytest.mark.parametrize("name", STAGES)
def test_what_is_refused_is_told_and_lands_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise InputRefused("客户太少。", "customers are too few")

    landed: list[str] = []
    monkeypatch.setattr(STAGES[name], READERS[name], refuse)
    monkeypatch.setattr(STAGES[name], "land", lambda _, feed, __: landed.append(feed))
    told = STAGES[name].find(_night())
    assert not told.is_found
    assert told.told.zh.endswith("（客户太少）。")
    assert told.told.en.endswith(": customers are too few")
    assert landed == []


@pytest.mark.parametrize("name", STAGES)
def test_without_a_build_there_is_nothing_to_find(name: str) -> None:
    with pytest.raises(NoBuildError):
        STAGES[name].find(_night(has_build=False))


def test_a_campaign_without_hold_out_lands_with_its_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    members = pl.DataFrame(
        {
            "campaign_id": ["A"] * 4,
            "customer_key": [1, 2, 3, 4],
            "is_treated": [True] * 4,
            "has_responded": [True, True, False, False],
            **{name: [1.0, 2.0, None, 4.0] for name in COLUMNS.numbers},
        }
    )
    landed: dict[str, pl.DataFrame] = {}
    monkeypatch.setattr(uplifts, "read", lambda *_: (members, 0.9, 20))
    monkeypatch.setattr(uplifts, "land", lambda _, feed, frame: landed.update({feed: frame}))
    told = uplifts.find(_night())
    assert told.told.en == "0 of 1 campaigns that are over can be judged by uplift"
    assert landed[uplifts.CAMPAIGN_FEED]["qini"].to_list() == [None]
    assert "not reported as a success" in landed[uplifts.CAMPAIGN_FEED]["note_en"][0]
    assert landed[uplifts.TENTH_FEED].is_empty()


def test_a_bank_without_a_label_yet_is_told_without_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rule = TreeRule("any_3m", 6, 3, 0.05, 4.0, 25, 0.5, 0.95)
    nobody = pl.DataFrame(schema={"customer_key": pl.Int64, "has_left": pl.Boolean})
    monkeypatch.setattr(churn_rules, "read", lambda *_: (nobody, nobody, rule, {}))
    told = churn_rules.find(_night())
    assert (told.is_found, told.is_due) == (False, False)
    assert told.told.both == "尚无已到期的流失标签 no churn label has come true yet"


def test_populations_without_rules_are_named_as_clerks_name_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rule = TreeRule("any_3m", 6, 3, 0.05, 4.0, 25, 0.5, 0.95)
    labelled = pl.DataFrame({"observation_date": [DAY]})
    found = pl.DataFrame(
        {
            "population_code": ["all", "company", "merchant", "unknown"],
            "rule_number": [0] * 4,
            "note_en": ["few", None, "few", "few"],
        }
    )
    monkeypatch.setattr(churn_rules, "read", lambda *_: (labelled, labelled, rule, {}))
    monkeypatch.setattr(churn_rules, "land", lambda *_: None)
    monkeypatch.setattr("ml.churn_rules.churn_rules", lambda *_: found)
    told = churn_rules.find(_night()).told
    assert told.zh.endswith("；全行、商户、未登记无规则")
    assert told.en.endswith("; none of the whole bank, merchants, not recorded")


def test_populations_and_pairs_are_called_as_the_table_of_codes_calls_them() -> None:
    with (REPOSITORY / "dbt/seeds/reference/code_name.csv").open(encoding="utf-8") as file:
        codes: dict[tuple[str, str], dict[str, str]] = {}
        for row in csv.DictReader(file):
            where = (row["entity_name"], row["column_name"])
            codes.setdefault(where, {})[row["code"]] = row["name_zh"]
    known = {code: zh for code, (zh, _) in POPULATIONS.items() if code != UNKNOWN_SEGMENT}
    assert known == codes["customer", "population_type_code"]
    assert codes["customer_pair", "decision_code"] == identity.DECISIONS_ZH


def test_a_bank_whose_campaigns_run_is_told_without_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noted: list[tuple[str, bool]] = []
    night = _night()
    night.stage = lambda _: nullcontext()
    night.details = {}
    night.reporter = SimpleNamespace(
        note=lambda text, *, is_warning: noted.append((text, is_warning))
    )
    monkeypatch.setattr(uplifts, "read", lambda *_: (pl.DataFrame(), 0.9, 20))
    step = next(each for each in finding_assets() if each.op.name == "uplifts")
    session = SimpleNamespace(night=night)
    landed = list(step(dg.build_asset_context(resources={"night": session})))  # type: ignore[call-overload]
    assert landed[0].metadata["told_zh"] == "尚无已结束的营销活动"
    assert noted == [("uplifts: 尚无已结束的营销活动 no campaign is over yet", False)]
    assert night.details == {
        "findings": {"uplifts": "no campaign is over yet"},
        "findings_zh": {"uplifts": "尚无已结束的营销活动"},
    }


def test_too_few_words_land_what_was_said_without_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    customers = pl.DataFrame(
        {
            "customer_key": [1, 2],
            "size_class_code": ["small", "small"],
            "own_amount": [10.0, 20.0],
            **{name: [None, None] for name in WALLET_COLUMNS.names},
        }
    )
    said = customers.head(1).with_columns(said=pl.lit(5e4), said_date=pl.lit(DAY))
    rule = WalletRule(100, 20, 730, 5, 0.9)
    landed: dict[str, pl.DataFrame] = {}
    monkeypatch.setattr(wallets, "read", lambda *_: (said, customers, rule))
    monkeypatch.setattr(wallets, "land", lambda _, feed, frame: landed.update({feed: frame}))
    told = wallets.find(_night())
    assert not told.is_found
    assert not told.is_due
    assert "1 customers said what they hold elsewhere and 100 are needed" in told.told.en
    assert landed[wallets.CUSTOMER_FEED]["said"].to_list() == [5e4, None]
    assert landed[wallets.FIT_FEED]["statement_count"].to_list() == [1]


def test_a_rule_has_one_row_on_a_day(tmp_path: Path) -> None:
    database = tmp_path / "crm.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema rule")
        connection.execute(
            "create table rule.some_rule as select 0.5::decimal(9, 4) as level, 20 as draws,"
            " date '2025-01-01' as valid_from_date, date '2026-01-01' as valid_to_date"
        )
    assert rule_row(database, "some_rule", ["level", "draws"], DAY) == {"level": 0.5, "draws": 20}
    with pytest.raises(InputRefused, match="must have one row on 2026-01-01 and has 0"):
        rule_row(database, "some_rule", ["level"], dt.date(2026, 1, 1))
