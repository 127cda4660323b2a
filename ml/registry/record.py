"""The MLflow record of trainings and versions: a picture of the signed folders, for people.

What scores is decided by the signed versions and :mod:`ml.registry.roles` alone; nothing reads this
record back. So every call draws what is missing from the folders: a record that was deleted comes
back with the next training, its runs dated as the versions are.

    experiment         one per model
    run                one per version: window and counts as params, metrics of model and baseline
    registered model   one per model; a version of it per stored version, its source the folder
    alias              champion, challenger

MLflow is run in a process of its own: its import costs seconds and brings loggers, tracers and
settings that a night has no use for. No artefact is written through it, so nothing is pickled.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ml.errors import MlError, Pair, without_stop
from ml.registry import roles
from ml.registry.folders import versions
from ml.registry.signing import is_signed, read_key

#: Setting the database up takes some ten seconds, a version a tenth of one.
_TIMEOUT_SECONDS = 180.0
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "PYTHONWARNINGS": "ignore",
}


def draw(path: Path, models_dir: Path, names: list[str], *, key_path: Path) -> Pair | None:
    """Bring the record up to what the signed folders hold.

    Args:
        path: The SQLite file; made when missing.
        models_dir: Folder of all models.
        names: The models.
        key_path: File of the signing key.

    Returns:
        Nothing, or in Chinese and in English why the record is behind. A training never fails for
        it.
    """
    # MLflow tries a file that is no database for minutes before it gives up.
    if why := _unusable(path):
        return _behind(path, why)
    try:
        work = {
            "path": str(path),
            "models": [_picture(models_dir, name, key_path) for name in names],
        }
        done = subprocess.run(
            [sys.executable, "-m", "ml.registry.record_process"],
            input=json.dumps(work),
            env={**os.environ, **_QUIET},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except MlError as error:
        return _behind(path, error.sentence)
    except (OSError, subprocess.TimeoutExpired) as error:
        return _behind(path, (type(error).__name__,) * 2)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        return _behind(path, (lines[-1][:200] if lines else f"exit {done.returncode}",) * 2)
    return None


def _unusable(path: Path) -> Pair | None:
    """Why the file as it lies there is no database; nothing where it is one or is yet to be."""
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            found = connection.execute("pragma quick_check(1)").fetchone()
    except sqlite3.Error as error:
        return (str(error),) * 2
    return None if found == ("ok",) else ("其数据页已损坏", "its pages are damaged")


def _behind(path: Path, why: Pair) -> Pair:
    zh, en = without_stop(why)
    return (
        f"MLflow 记录 {path.name} 未能更新（{zh}）；模型与评分不依赖它。"
        "请移走该文件，下一次训练会重新生成。",
        f"The MLflow record {path.name} could not be brought up to date ({en}); "
        "models and scores do not need it. Move the file away and the next training draws it anew.",
    )


def _picture(models_dir: Path, name: str, key_path: Path) -> dict[str, Any]:
    """Everything about one model that the record shows, as plain data."""
    found = []
    key = read_key(key_path)
    for version in versions(models_dir, name):
        folder = models_dir / name / version
        try:
            content = (folder / "manifest.json").read_bytes()
            is_ours = is_signed(content, (folder / "manifest.sig").read_bytes(), key)
        except OSError:
            continue
        if not is_ours:
            continue  # what is not as signed is no version, and the night says so
        manifest = json.loads(content)
        moment = int((folder / "manifest.json").stat().st_mtime * 1000)
        found.append({"folder": folder.as_uri(), "manifest": manifest, "moment": moment})
    try:
        standing = roles.read(models_dir, name, key_path=key_path)
    except MlError:
        standing = roles.Roles(name)
    return {
        "name": name,
        "versions": found,
        "champion": standing.champion,
        "challenger": standing.challenger,
        "withdrawn": list(standing.withdrawn),
        "history": [asdict(step) for step in standing.history],
    }
