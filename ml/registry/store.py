"""Signed versions of a model: written whole, loaded only when every promise still holds.

A version is a folder ``models/<name>/<version>/``:

    model.skops     the fitted pipelines, without pickle
    golden.parquet  20 made rows and the scores that the model gave them on the day of training
    report.json     metrics, tables and counts of the training, for people
    manifest.json   SHA-256 of the files above, software versions, feature contract, training window
    manifest.sig    HMAC-SHA256 of the manifest under a key that lies outside the folder
    book.html       a page drawn from the report (:mod:`ml.book`); not signed, as nothing reads it

Which of them scores stands in :mod:`ml.registry.roles`.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import skops.io

from ml.errors import ModelRefused, NeverTrained, NoModel, Pair
from ml.frames.features import FEATURES, Feature, as_schema
from ml.models.scorer import Scorer
from ml.names import called
from ml.registry import roles
from ml.registry.checks import (
    FORMAT,
    SIGNED_FILES,
    check_hash,
    check_label,
    read_file,
    read_manifest,
    read_pipelines,
)
from ml.registry.folders import is_version, versions
from ml.registry.golden import check_golden, golden_bytes
from ml.registry.signing import (
    ensure_key,
    read_key,
    sha256,
    sign,
    sync_folder,
    write_synced,
)
from ml.registry.software import check_software, software


@dataclass(frozen=True)
class LoadedModel:
    """One version that passed every check."""

    name: str
    version: str
    scorer: Scorer
    manifest: dict[str, Any]


@dataclass(frozen=True)
class Found:
    """The version that scores, and why those that should have scored before it may not."""

    model: LoadedModel
    refusals: tuple[Pair, ...]


def _next_version(models_dir: Path, name: str, as_of: date) -> str:
    """The date that the training knew up to, and a running number within it."""
    day = f"{as_of:%Y-%m-%d}"
    taken = [int(v.rsplit(".", 1)[1]) for v in versions(models_dir, name) if v.startswith(day)]
    return f"{day}.{max(taken, default=0) + 1:03d}"


def save(
    models_dir: Path,
    scorer: Scorer,
    golden: pl.DataFrame,
    report: dict[str, Any],
    as_of: date,
    *,
    key_path: Path,
    code_version: str,
    source: str = "unknown",
    features: tuple[Feature, ...] = FEATURES,
) -> str:
    """Write one version, whole or not at all, and return its name.

    Args:
        models_dir: Folder of all models.
        scorer: What was trained.
        golden: Rows of the feature contract, scored now and again at every load.
        report: The training's report; its ``training`` and ``metrics`` go into the manifest.
        as_of: Last date that the training knew.
        key_path: File of the signing key; made with mode 0600 when missing.
        code_version: Version of this code, as the caller knows it.
        source: Generation or run whose rows were learnt from.
        features: The contract that the scorer was trained on.
    """
    key = _key_for(models_dir, key_path)
    folder = models_dir / scorer.name
    folder.mkdir(parents=True, exist_ok=True)
    for leftover in folder.glob(".draft-*"):
        # A killed training leaves its draft; the lease of the night says nobody else writes here.
        shutil.rmtree(leftover)
    version = _next_version(models_dir, scorer.name, as_of)
    contents = {
        "model.skops": skops.io.dumps(scorer.pipelines),
        "golden.parquet": golden_bytes(golden, scorer),
        "report.json": _json(report),
    }
    manifest = _json(
        {
            "format": FORMAT,
            "name": scorer.name,
            "version": version,
            "as_of": as_of.isoformat(),
            "code_version": code_version,
            "source": source,
            "software": software(),
            "scorer": scorer.settings(),
            "features": as_schema(features),
            "training": report.get("training", {}),
            "metrics": report.get("metrics", {}),
            "files": {name: sha256(data) for name, data in contents.items()},
        }
    )
    contents |= {"manifest.json": manifest, "manifest.sig": sign(manifest, key).encode()}
    draft = folder / f".draft-{version}-{os.getpid()}"
    draft.mkdir()
    try:
        for name, data in contents.items():
            write_synced(draft / name, data)
        sync_folder(draft)
        draft.rename(folder / version)
    except OSError:
        # On a full disk what was written of it would be in the way of everything else.
        shutil.rmtree(draft, ignore_errors=True)
        raise
    sync_folder(folder)
    return version


def _key_for(models_dir: Path, key_path: Path) -> bytes:
    """The key to sign with; a new one only where nothing was signed by another before."""
    there = models_dir.iterdir() if models_dir.is_dir() else ()
    if not key_path.exists() and any(versions(models_dir, each.name) for each in there):
        raise ModelRefused(
            f"签名密钥 {key_path.name} 不存在，而已有签名的版本；请从备份恢复密钥，"
            f"或移走文件夹 {models_dir.name} 从头开始。",
            f"The signing key {key_path.name} is missing though versions are stored; bring it back"
            f" from the backup, or move the folder {models_dir.name} away to begin anew.",
        )
    return ensure_key(key_path)


def load(
    models_dir: Path,
    name: str,
    version: str,
    *,
    key_path: Path,
    features: tuple[Feature, ...] = FEATURES,
    label_months: int | None = None,
) -> LoadedModel:
    """One version, if signature, hashes, software, contract, types and golden scores all hold.

    Every file is read once and what was hashed is what is used, so that a file swapped between
    check and use changes nothing.

    Args:
        models_dir: Folder of all models.
        name: The model.
        version: One of its versions.
        key_path: File of the signing key.
        features: The feature contract.
        label_months: Months until a label is known by the rules of now; not compared where None.

    Raises:
        ModelRefused: One sentence with the first promise that does not hold.
    """
    folder = models_dir / name / version
    who = called(name, version)
    if not is_version(version):
        # A path for a version would lead out of the folder, and past who was withdrawn.
        raise ModelRefused(
            f"{version!r} 不是模型 {name} 的版本号；版本号形如 2025-12-31.001。",
            f"{version!r} is no name of a version of model {name}; one is like 2025-12-31.001.",
        )
    key = read_key(key_path)
    if version in roles.read(models_dir, name, key_path=key_path).withdrawn:
        raise ModelRefused(f"{who[0]} 已被撤回。", f"{who[1]} was withdrawn.")
    manifest = read_manifest(folder, key, who)
    data = {file: read_file(folder / file, who) for file in SIGNED_FILES}
    for file, content in data.items():
        check_hash(file, content, manifest, who)
    check_software(manifest["software"], who)
    if manifest["features"] != json.loads(_json(as_schema(features))):
        raise ModelRefused(
            f"{who[0]} 训练时的特征约定与现在不同；请重新训练。",
            f"{who[1]} was trained on another feature contract; train it anew.",
        )
    check_label(manifest, label_months, who)
    scorer = Scorer.restore(name, read_pipelines(data["model.skops"], who), manifest["scorer"])
    check_golden(data["golden.parquet"], scorer, who)
    return LoadedModel(name=name, version=version, scorer=scorer, manifest=manifest)


def read_report(
    models_dir: Path, name: str, version: str, *, key_path: Path
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Manifest and report of a version as they were signed; it need not be fit to score any more.

    Raises:
        ModelRefused: One of them is missing or not as signed.
    """
    folder, who = models_dir / name / version, called(name, version)
    manifest = read_manifest(folder, read_key(key_path), who)
    content = read_file(folder / "report.json", who)
    check_hash("report.json", content, manifest, who)
    report: dict[str, Any] = json.loads(content)
    return manifest, report


def load_champion(
    models_dir: Path,
    name: str,
    *,
    key_path: Path,
    label_months: int | None = None,
) -> Found:
    """The champion, or the one before it where it may not be used; refusals are told.

    A challenger never stands in: nothing has shown yet that it is fit to.

    Raises:
        NeverTrained: There is none and never was.
        NoModel: There is none any more; the sentence says why each one there was refused.
    """
    try:
        standing = roles.read(models_dir, name, key_path=key_path)
    except ModelRefused as refusal:
        raise _no_usable(name, [refusal.sentence]) from None
    if standing.champion is None:
        if not standing.serial:
            raise NeverTrained(
                f"模型 {name} 尚未训练过。", f"No {name} model has been trained yet."
            )
        there = versions(models_dir, name)
        raise NoModel(
            f"模型 {name} 没有现役版本：文件夹中有 {len(there)} 个版本，已撤回 "
            f"{len(standing.withdrawn)} 个；请训练：crm ml train {name}。",
            f"No {name} model is champion; {len(there)} versions lie in the folder and "
            f"{len(standing.withdrawn)} were withdrawn; train one: crm ml train {name}.",
        )
    refusals: list[Pair] = []
    for version in (standing.champion, *standing.champions_before()):
        try:
            model = load(models_dir, name, version, key_path=key_path, label_months=label_months)
        except ModelRefused as refusal:
            refusals.append(refusal.sentence)
            continue
        return Found(model, tuple(refusals))
    raise _no_usable(name, refusals)


def _no_usable(name: str, refusals: list[Pair]) -> NoModel:
    """That none may be used, and why not, of each one."""
    chinese, english = zip(*refusals, strict=True)
    return NoModel(
        f"模型 {name} 没有可用的版本。{''.join(chinese)}",
        f"No usable {name} model. {' '.join(english)}",
    )


def load_challenger(
    models_dir: Path,
    name: str,
    *,
    key_path: Path,
    label_months: int | None = None,
) -> LoadedModel | None:
    """The challenger, or nothing where there is none.

    Raises:
        ModelRefused: One sentence why it may not be used.
    """
    version = roles.read(models_dir, name, key_path=key_path).challenger
    if version is None:
        return None
    return load(models_dir, name, version, key_path=key_path, label_months=label_months)


def _json(content: Any) -> bytes:
    """Canonical JSON: the same content gives the same bytes, and no NaN slips in."""
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
    return text.encode()
