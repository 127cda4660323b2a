"""`crm ml list, promote, rollback, compare, withdraw`: a clear sentence each, none in a night."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from typer.testing import CliRunner

from dagster_project import jobs, schedules
from dagster_project.cli.main import app
from dagster_project.definitions import build_defs
from dagster_project.home import Home
from dagster_project.stages import model_rows, models
from ingestion.sentence import Sentence
from ml.errors import FrameRefused, PeriodRefused
from ml.registry import roles
from ml.registry.roles import Roles, Step
from ml.registry.signing import ensure_key
from serving import generation as generations
from tests.unit.dagster_project.test_lease import HOLD, start
from tests.unit.dagster_project.test_plan import publish

OLD, NEW = "2025-11-30.001", "2025-12-31.001"
SAID = ("--because", "名单更准", "--by", "李经理")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Two versions of churn by name; nothing in them loads."""
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    place = Home(tmp_path).create()
    ensure_key(place.model_key)
    for version in (OLD, NEW):
        (place.models / "churn" / version).mkdir(parents=True)
    step = Step("promoted", OLD, None, "rule", "the first", "2025-12-01T05:00:00+00:00")
    standing = Roles("churn").after(step, champion=OLD, challenger=NEW)
    roles.write(place.models, standing, key_path=place.model_key)
    monkeypatch.setattr(models, "record", lambda _home: None)
    monkeypatch.setattr(model_rows, "read_training_rows", lambda _database, _name: None)
    monkeypatch.setattr(model_rows, "label_months", lambda _database, _name: 6)
    return place


def _refused(*arguments: str, code: int = 2) -> str:
    done = CliRunner().invoke(app, ["ml", *arguments])
    assert done.exit_code == code, done.stderr
    assert done.stderr.startswith("crm: "), "Chinese first"
    return " ".join(done.stderr.split())


def test_the_list_tells_roles_and_who_gave_them(home: Home) -> None:
    done = CliRunner().invoke(app, ["ml", "list", "churn", "--json"])
    found = json.loads(done.stdout)
    assert [(each["version"], each["role"]) for each in found] == [
        (NEW, "challenger"),
        (OLD, "champion"),
    ]
    assert found[1]["last_change"]["because"] == "the first"
    shown = CliRunner().invoke(app, ["ml", "list"]).stdout
    assert "champion 现役" in shown
    assert "promoted by rule: the first" in shown
    assert found[0]["metrics"] == {}, "of what is not as it was signed nothing is believed"
    assert f"模型 churn 的版本 {NEW} 缺少文件 manifest.json" in shown
    assert f"Model churn {NEW} lacks manifest.json" in shown


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("list", "weather"), "there is no model called weather; there are churn, value"),
        (("promote", "weather", OLD, *SAID), "there is no model called weather"),
        (("promote", "churn", OLD, *SAID), f"version {OLD} of model churn is the champion already"),
        (("promote", "churn", "1999", *SAID), "model churn has no version 1999; there are"),
        (("promote", "churn", NEW, *SAID), f"version {NEW} of model churn cannot be used"),
        (("promote", "churn", NEW, "--because", " ", "--by", "x"), "--because must not be empty"),
        (("promote", "value", NEW, *SAID), "there is no version of a model called value"),
        (("rollback", "churn", *SAID), f"no champion before {OLD} to return to"),
        (("rollback", "churn", "--because", "x", "--by", ""), "--by must not be empty"),
        (("withdraw", "churn", OLD, *SAID), "use crm ml rollback churn"),
        (("compare", "churn"), "no comparison: Model churn 2025-11-30.001 lacks manifest.json"),
        (("compare", "value"), "model value has no champion and challenger to compare now"),
        (("book", "churn"), f"the model book cannot be drawn: Model churn {OLD} lacks manifest"),
        (("book", "churn", "1999"), f"model churn has no version 1999; there are {OLD}, {NEW}"),
        (("book", "value"), "there is no version of a model called value; train it first"),
        (
            ("book", "churn", "--output", "a.pdf"),
            "a model book is written as .html, not as 'a.pdf'",
        ),
        (("compare", "churn", "--period", "soon"), "--period is 'soon'; write it as YYYY-MM-DD"),
    ],
)
def test_what_cannot_be_is_one_sentence_in_both_languages(
    home: Home, arguments: tuple[str, ...], sentence: str
) -> None:
    publish(home, "2025-12-31")
    assert sentence in _refused(*arguments)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("compare", "churn"), f"无法比较（模型 churn 的版本 {OLD} 缺少文件 manifest.json）。"),
        (
            ("book", "churn"),
            f"无法生成模型手册（模型 churn 的版本 {OLD} 缺少文件 manifest.json）。",
        ),
        (
            ("promote", "churn", NEW, *SAID),
            f"未通过校验，不能启用（模型 churn 的版本 {NEW} 缺少文件 manifest.json）。",
        ),
        (
            ("rollback", "churn", *SAID),
            f"请重新训练：crm ml train churn（模型 churn 的版本 {OLD} 缺少文件 manifest.json）。",
        ),
    ],
)
def test_a_refusal_of_the_registry_is_chinese_within_the_chinese_sentence(
    home: Home, arguments: tuple[str, ...], sentence: str
) -> None:
    """Incident: 无法比较（Model churn ... lacks manifest.json.） was what a clerk read."""
    publish(home, "2025-12-31")
    chinese, english = _refused(*arguments).split("。 ", 1)
    assert f"{chinese}。".endswith(sentence)
    assert english.isascii()


def test_another_month_end_is_advised_only_where_it_helps(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(home, "2025-12-31")
    monkeypatch.setattr("ml.registry.store.load", lambda *_, **__: None)
    for error, is_advised in ((PeriodRefused, True), (FrameRefused, False)):

        def refuse(*_: Any, error: type[FrameRefused] = error, **__: Any) -> None:
            raise error("不能检验。", "It cannot judge.")

        monkeypatch.setattr("ml.registry.contest.contest", refuse)
        told = _refused("compare", "churn")
        assert "无法比较（不能检验）" in told
        assert "no comparison: It cannot judge" in told
        assert told.count("--period") == (2 if is_advised else 0)


def test_a_promotion_needs_a_reason_and_a_name(home: Home) -> None:
    for missing in (("--by", "Li"), ("--because", "x")):
        done = CliRunner().invoke(app, ["ml", "promote", "churn", NEW, *missing])
        assert done.exit_code == 2


@pytest.mark.parametrize(
    ("figures", "lines"),
    [
        ({}, []),
        ({"objections": [], "objections_zh": []}, []),
        (
            {
                "objections": ["it saves -3.1 standard errors"],
                "objections_zh": ["损失降低量为 -3.1"],
            },
            [
                "! 按规则不会晋升，本次由批准人决定"
                " The rule would not have promoted it; who approves decided:",
                "  损失降低量为 -3.1 it saves -3.1 standard errors",
            ],
        ),
        (
            {"not_compared": "No row has a known label.", "not_compared_zh": "没有标签。"},
            [
                "! 未能与现役版本比较（没有标签）。"
                " Not compared with the champion: No row has a known label.",
            ],
        ),
    ],
)
def test_a_promotion_tells_what_the_rule_has_against_it(
    home: Home, monkeypatch: pytest.MonkeyPatch, figures: dict[str, Any], lines: list[str]
) -> None:
    """The review's fault: of a version that lost, a tick was all that the screen showed."""
    step = Step("promoted", NEW, OLD, "李经理", "名单更准", "2026-01-02", figures)
    changed = roles.read(home.models, "churn", key_path=home.model_key).after(step, champion=NEW)
    monkeypatch.setattr("ml.registry.changes.promote", lambda *_, **__: changed)
    publish(home, "2025-12-31")
    done = CliRunner().invoke(app, ["ml", "promote", "churn", NEW, *SAID])
    assert done.stdout.splitlines()[0].startswith(f"✓ 下一次夜间任务起由 {NEW} 评分")
    assert done.stdout.splitlines()[1:] == lines
    done = CliRunner().invoke(app, ["ml", "promote", "churn", NEW, *SAID, "--json"])
    told = json.loads(done.stdout)
    assert told["objections_zh"] == figures.get("objections_zh", [])
    assert told["not_compared"] == figures.get("not_compared")


def test_a_challenger_is_withdrawn(home: Home) -> None:
    done = CliRunner().invoke(app, ["ml", "withdraw", "churn", NEW, *SAID, "--json"])
    assert json.loads(done.stdout)["withdrawn"] == [NEW]
    step = roles.read(home.models, "churn", key_path=home.model_key).history[-1]
    assert (step.act, step.by, step.because) == ("withdrawn", "李经理", "名单更准")


def test_a_file_of_roles_that_was_tampered_with_is_told(home: Home) -> None:
    path = home.models / "churn" / "roles.json"
    path.write_bytes(path.read_bytes().replace(OLD.encode(), NEW.encode()))
    for arguments in (("list", "churn"), ("rollback", "churn", *SAID)):
        assert "train it anew with crm ml train" in _refused(*arguments)


def test_roles_do_not_change_beside_a_night(home: Home) -> None:
    publish(home, "2025-12-31")
    process = start(HOLD, home.lease)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        for arguments in (("promote", "churn", NEW, *SAID), ("rollback", "churn", *SAID)):
            assert "held by run 7" in _refused(*arguments, code=5)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [None, 4])
def test_a_rollback_asks_for_the_label_of_what_is_published(
    home: Home, monkeypatch: pytest.MonkeyPatch, number: int | None
) -> None:
    """Who was taught on another label is refused by the next night; see the registry's own test."""
    asked: list[Any] = []

    def label_months(database: Path, name: str) -> int:
        asked.append((database.parent, name))
        return 6

    def back(*place: Any, label_months: int | None, **_: Any) -> Roles:
        asked.append((*place, label_months))
        return Roles("churn")

    monkeypatch.setattr(model_rows, "label_months", label_months)
    monkeypatch.setattr("ml.registry.changes.roll_back", back)
    if number:
        publish(home, "2025-12-31", number=number)
    done = CliRunner().invoke(app, ["ml", "rollback", "churn", *SAID])
    assert done.exit_code == 0, done.stderr
    folder = number and generations.folder_of(home.warehouse, number)
    by_now = [(folder, "churn"), (home.models, "churn", 6)]
    assert asked == (by_now if number else [(home.models, "churn", None)])


def test_the_monthly_job_attaches_report_and_comparison(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def retrain(_home: Home, name: str) -> models.Trained:
        said = {"feature": "visits", "expected": -1, "because_zh": "因", "because_en": "why"}
        found = {**said, "rank": 0.51, "weight_share": 0.12, "verdict": "contradicts"}
        report: dict[str, Any] = {
            "ships": "model",
            "contest": {"against": OLD, "z": 2.5},
            "book": {"directions": [found]},
        }
        told = Sentence(f"{NEW} 现为现役版本", f"{NEW} is champion now")
        return models.Trained(name, "trained", NEW, told, report, "models/book.html")

    monkeypatch.setenv("CRM_ENVIRONMENT", "test")
    monkeypatch.setattr(models, "retrain", retrain)
    done = (
        build_defs()
        .resolve_job_def(jobs.RETRAINING)
        .execute_in_process(
            run_config={
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                "ops": {
                    f"train_{name}": {"config": {"retrain": True}} for name in models.MODEL_NAMES
                },
            }
        )
    )
    seen = {
        event.asset_key.to_user_string(): event.materialization.metadata
        for event in done.get_asset_materialization_events()
        if event.asset_key
    }
    assert set(seen) == {f"{name}_model" for name in models.MODEL_NAMES}
    for metadata in seen.values():
        assert isinstance(metadata["report"], dg.JsonMetadataValue)
        assert metadata["report"].value["contest"] == {"against": OLD, "z": 2.5}
        assert metadata["told"].value == f"{NEW} is champion now"
        assert metadata["told_zh"].value == f"{NEW} 现为现役版本"
        assert metadata["book"] == dg.MetadataValue.path("models/book.html")
        assert "| visits | ↓ 因 why | +0.51 | 12.0% |" in str(metadata["contradictions"].value)


def test_retraining_is_monthly_in_shanghai(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_ENVIRONMENT", "test")
    assert schedules.FIRST_OF_MONTH_AT_FIVE == "0 5 1 * *"
    schedule = build_defs().resolve_schedule_def("retraining_schedule")
    assert schedule.execution_timezone == "Asia/Shanghai"
    assert schedule.job_name == jobs.RETRAINING
