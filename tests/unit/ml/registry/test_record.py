"""The MLflow record shows what the signed folders hold, comes back when lost, and stops nothing."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from ml.errors import Pair
from ml.registry import record, roles
from ml.registry.roles import Roles, Step
from ml.registry.signing import ensure_key, sign

OLD, NEW = "2025-12-31.001", "2026-01-31.001"


def _version(models: Path, key: Path, version: str, auc: float) -> None:
    """A folder with a signed manifest; the record looks at nothing else."""
    folder = models / "churn" / version
    folder.mkdir(parents=True)
    manifest = {
        "version": version,
        "code_version": "abc",
        "source": "generation 7",
        "software": {"skops": "0.16.0"},
        "scorer": {"ships": "model"},
        "training": {
            "train_dates": ["2025-05-31", "2025-06-30"],
            "test_date": "2025-09-30",
            "train_rows": 1800,
            "checksum": "c0ffee",
        },
        "metrics": {"model": {"auc": auc}, "baseline": {"auc": 0.75}},
    }
    content = json.dumps(manifest).encode()
    (folder / "manifest.json").write_bytes(content)
    (folder / "manifest.sig").write_text(sign(content, ensure_key(key)))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose record was deleted, or never was: both are drawn from the same folders."""
    home = tmp_path_factory.mktemp("record")
    _version(home / "models", home / "key", OLD, 0.80)
    _version(home / "models", home / "key", NEW, 0.85)
    step = Step("promoted", OLD, None, "Li", "the first one", "2026-01-01T05:00:00+00:00")
    standing = Roles("churn").after(step, champion=OLD, challenger=NEW)
    roles.write(home / "models", standing, key_path=home / "key")
    assert _draw(home) is None
    return home


@pytest.fixture
def home(drawn: Path, tmp_path: Path) -> Path:
    return shutil.copytree(drawn, tmp_path / "home")


def _draw(home: Path) -> Pair | None:
    return record.draw(
        home / "mlflow.sqlite", home / "models", ["churn", "value"], key_path=home / "key"
    )


def _ask(home: Path, query: str) -> list[tuple]:
    with sqlite3.connect(home / "mlflow.sqlite") as connection:
        return connection.execute(query).fetchall()


def test_every_version_is_a_run_and_a_registered_version(drawn):
    assert _ask(drawn, "select name, status from runs order by name") == [
        (OLD, "FINISHED"),
        (NEW, "FINISHED"),
    ]
    assert _ask(drawn, "select key, value from metrics order by key, value") == [
        ("baseline.auc", 0.75),
        ("baseline.auc", 0.75),
        ("model.auc", 0.80),
        ("model.auc", 0.85),
    ]
    tags = dict(_ask(drawn, "select key, value from tags where key not like 'mlflow.%'"))
    assert (tags["source"], tags["data_checksum"], tags["code"]) == (
        "generation 7",
        "c0ffee",
        "abc",
    )
    assert tags["report"].endswith("/report.json")
    params = dict(_ask(drawn, "select key, value from params"))
    assert params["train_dates"] == "2: 2025-05-31 to 2025-06-30"
    assert params["train_rows"] == "1800"


def test_roles_are_aliases_and_decisions_are_tags(drawn):
    aliases = _ask(
        drawn,
        "select a.alias, t.value from registered_model_aliases as a join model_version_tags as t"
        " on a.name = t.name and a.version = t.version and t.key = 'version' order by 1",
    )
    assert aliases == [("challenger", NEW), ("champion", OLD)]
    ((told,),) = _ask(drawn, "select value from model_version_tags where key = 'promoted'")
    assert told == "2026-01-01T05:00:00+00:00 by Li: the first one"


def test_drawn_again_nothing_doubles_and_roles_move(home):
    standing = roles.read(home / "models", "churn", key_path=home / "key")
    step = Step("rolled back", OLD, OLD, "Li", "wrong", "2026-02-01T05:00:00+00:00")
    moved = standing.after(step, champion=NEW, challenger=None, withdrawn=(OLD,))
    roles.write(home / "models", moved, key_path=home / "key")
    assert _draw(home) is None
    assert _ask(home, "select count(*) from runs") == [(2,)]
    assert _ask(home, "select alias, version from registered_model_aliases") == [("champion", 2)]
    assert _ask(home, "select version from model_version_tags where key = 'withdrawn'") == [(1,)]


def test_a_damaged_record_is_one_clear_warning_and_is_left_alone(home):
    (home / "mlflow.sqlite").write_bytes(b"no database" * 1000)
    told = _draw(home)
    assert told is not None
    assert told[0].startswith("MLflow 记录 mlflow.sqlite 未能更新（")
    assert told[1].startswith("The MLflow record mlflow.sqlite could not be brought up to date (")
    assert told[1].endswith("Move the file away and the next training draws it anew.")
    assert "\n" not in "".join(told)
    assert (home / "mlflow.sqlite").read_bytes().startswith(b"no database")


def test_a_version_that_is_not_as_signed_is_not_shown(home):
    (home / "models" / "churn" / NEW / "manifest.json").write_text("{}")
    picture = record._picture(home / "models", "churn", home / "key")
    assert [each["manifest"]["version"] for each in picture["versions"]] == [OLD]


def test_without_a_key_the_record_is_behind_and_nothing_fails(tmp_path):
    told = record.draw(tmp_path / "m", tmp_path, ["churn"], key_path=tmp_path / "key")
    assert told is not None
    assert "签名密钥 key 不存在" in told[0]
    assert "The signing key key is missing" in told[1]
    assert not (tmp_path / "m").exists()
