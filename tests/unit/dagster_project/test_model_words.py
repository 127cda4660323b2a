"""What becomes of a model is told in Chinese and in English, a refusal within it too."""

from __future__ import annotations

import datetime as dt
import errno
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dagster_project.cli import output
from dagster_project.cli.status import _print_models
from dagster_project.errors import NightError, WrongUsageError
from dagster_project.home import Home
from dagster_project.stages import model_words, models
from ingestion.sentence import Sentence
from ml.errors import FrameRefused, ModelRefused, NoModel, NotEnoughHistory, RoleRefused

DAY = dt.date(2025, 12, 31)
NONE = NoModel("模型 churn 没有可用的版本。", "No usable churn model.")


def _raise(error: Exception) -> Any:
    raise error


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (NotEnoughHistory("尚不能训练模型 churn。", "No churn model."), "not enough history"),
        (FrameRefused("特征表没有数据行。", "The feature frame has no rows."), "refused"),
        (ModelRefused("签名密钥 key 不存在。", "The signing key key is missing."), "refused"),
    ],
)
def test_a_training_that_is_refused_says_in_each_language_why_none_was_there_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: ModelRefused, state: str
) -> None:
    monkeypatch.setattr(models.model_rows, "label_months", lambda *_: 3)
    monkeypatch.setattr(models.model_rows, "read_labels", lambda *_: None)
    monkeypatch.setattr("ml.registry.store.load_champion", lambda *_, **__: _raise(NONE))
    monkeypatch.setattr("ml.train.check_history", lambda *_: _raise(error))
    told = models.train(
        Home(tmp_path), "churn", tmp_path / "crm", DAY, "code", source="run 1", is_forced=False
    )
    zh, en = error.sentence
    assert (told.state, told.version) == (state, None)
    assert told.told.zh == f"{zh.removesuffix('。')}（模型 churn 没有可用的版本）。"
    assert told.told.en == f"{en.removesuffix('.')} (No usable churn model)."


@pytest.mark.parametrize(
    ("error", "kind"), [(NONE, NightError), (RoleRefused("无。", "none"), WrongUsageError)]
)
def test_a_refusal_that_a_command_did_not_catch_is_its_sentence_and_no_traceback(
    error: Exception, kind: type[NightError]
) -> None:
    found = output.known(error)
    assert type(found) is kind
    assert found.sentence == getattr(error, "sentence", None)


def test_the_status_tells_each_model_in_chinese_then_in_english() -> None:
    told = {
        "models": {
            "churn": {"version": "v1", "told": "v1 is used", "told_zh": "使用模型版本 v1"},
            "value": {"version": None, "told": "No value model.", "told_zh": "尚不能训练。"},
            "survival": {"version": "v3", "told": "told before it was told in Chinese"},
        },
        "scores": {"churn": "3 customers scored by v1", "value": "not told", "survival": "2"},
        "scores_zh": {"churn": "3 位客户由 v1 评分", "value": "不提"},
    }
    with output.console.capture() as shown:
        _print_models(told)
    lines = shown.get().splitlines()
    assert lines == [
        "Model churn 使用模型版本 v1；3 位客户由 v1 评分 v1 is used; 3 customers scored by v1",
        "Model survival told before it was told in Chinese; 2",
        "Model value 尚不能训练 No value model",
    ]


def test_a_version_that_stands_in_is_told_with_one_stop_in_each_language() -> None:
    refusals = (("v2 已被撤回。", "v2 was withdrawn."), ("v1 缺少文件 a。", "v1 lacks a."))
    found: Any = SimpleNamespace(model=SimpleNamespace(version="v0"), refusals=refusals)
    told = model_words.of_kept(found).then("；继续", "; goes on")
    assert told.zh == "使用模型版本 v0；v2 已被撤回；v1 缺少文件 a；继续"
    assert told.en == "model v0 is used; v2 was withdrawn; v1 lacks a; goes on"


def test_a_full_disk_is_told_in_chinese_to_who_reads_chinese(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(tmp_path / "model.skops"))
    told = model_words.not_stored("churn", full, tmp_path)
    assert "评分的版本不变：磁盘已满（model.skops）" in told.zh
    assert "No space left on device" not in told.zh
    assert "(model.skops)" in told.en


def test_a_record_that_is_behind_follows_one_full_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = models.Trained("churn", models.TRAINED, "v1", Sentence("不及。", "It lost."))
    monkeypatch.setattr(models, "published_file", lambda _: (_published(), tmp_path))
    monkeypatch.setattr(models, "train", lambda *_, **__: trained)
    monkeypatch.setattr(models, "record", lambda _: Sentence("记录未更新。", "It is behind."))
    told = models.retrain(Home(tmp_path).create(), "churn").told
    assert told == ("不及。记录未更新。", "It lost. It is behind.")


def _published() -> Any:
    return SimpleNamespace(business_date=DAY, number=1)
