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
import re
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import skops.io

from ml.errors import ModelRefused, NeverTrained, NoModel
from ml.frames.features import FEATURES, Feature, as_schema
from ml.models.scorer import Scorer
from ml.registry import roles
from ml.registry.golden import check_golden, golden_bytes
from ml.registry.signing import (
    ensure_key,
    is_signed,
    read_key,
    sha256,
    sign,
    sync_folder,
    write_synced,
)
from ml.registry.software import check_software, software

FORMAT = 5
SIGNED_FILES = ("model.skops", "golden.parquet", "report.json")
#: Types beyond those that skops trusts by itself. Anything else in a file is refused unread.
TRUSTED_TYPES = frozenset(
    {
        # The type of the values that an imputer was fitted on; plain data.
        "numpy.dtype",
        # Ours: plain numbers and scikit-learn estimators inside.
        "ml.frames.columns.Curve",
        "ml.frames.columns.Known",
        "ml.frames.columns.Rates",
        "ml.models.blend.BlendedClassifier",
        "ml.models.blend.BlendedRegressor",
        "ml.models.cluster_encoding.EqualSay",
        "ml.models.cluster_encoding.Tamed",
        # How an encoder deals rows out when it is fitted; a count and a seed.
        "sklearn.model_selection._split.KFold",
        "sklearn.model_selection._split.StratifiedKFold",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    }
)
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}\.\d{3}")


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
    refusals: tuple[str, ...]


def versions(models_dir: Path, name: str) -> list[str]:
    """Version names that are there, oldest first; names order as the versions do."""
    folder = models_dir / name
    if not folder.is_dir():
        return []
    return sorted(
        entry.name
        for entry in folder.iterdir()
        if entry.is_dir() and _VERSION.fullmatch(entry.name)
    )


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
            f"The signing key {key_path.name} is missing though versions are stored; bring it back,"
            f" or move the folder {models_dir.name} away to begin anew."
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
    who = f"Model {name} {version}"
    if not _VERSION.fullmatch(version):
        # A path for a version would lead out of the folder, and past who was withdrawn.
        raise ModelRefused(f"{version!r} is no name of a version of model {name}.")
    key = read_key(key_path)
    if version in roles.read(models_dir, name, key_path=key_path).withdrawn:
        raise ModelRefused(f"{who} was withdrawn.")
    manifest = _manifest(folder, key, who)
    data = {file: _read(folder / file, who) for file in SIGNED_FILES}
    for file, content in data.items():
        _check_hash(file, content, manifest, who)
    check_software(manifest["software"], who)
    if manifest["features"] != json.loads(_json(as_schema(features))):
        raise ModelRefused(f"{who} was trained on another feature contract; train it anew.")
    check_label(manifest, label_months, who)
    scorer = Scorer.restore(name, _pipelines(data["model.skops"], who), manifest["scorer"])
    check_golden(data["golden.parquet"], scorer, who)
    return LoadedModel(name=name, version=version, scorer=scorer, manifest=manifest)


def read_report(
    models_dir: Path, name: str, version: str, *, key_path: Path
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Manifest and report of a version as they were signed; it need not be fit to score any more.

    Raises:
        ModelRefused: One of them is missing or not as signed.
    """
    folder, who = models_dir / name / version, f"Model {name} {version}"
    manifest = _manifest(folder, read_key(key_path), who)
    content = _read(folder / "report.json", who)
    _check_hash("report.json", content, manifest, who)
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
        raise NoModel(f"No usable {name} model. {refusal}") from None
    if standing.champion is None:
        there = versions(models_dir, name)
        if not standing.serial and not there:
            raise NeverTrained(f"No {name} model has been trained yet.")
        raise NoModel(
            f"No {name} model is champion; {len(there)} versions lie in the folder and "
            f"{len(standing.withdrawn)} were withdrawn."
        )
    refusals: list[str] = []
    for version in (standing.champion, *standing.champions_before()):
        try:
            model = load(models_dir, name, version, key_path=key_path, label_months=label_months)
        except ModelRefused as refusal:
            refusals.append(str(refusal))
            continue
        return Found(model, tuple(refusals))
    raise NoModel(f"No usable {name} model. {' '.join(refusals)}")


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


def _read(path: Path, who: str) -> bytes:
    """The bytes of a file of a version."""
    try:
        return path.read_bytes()
    except OSError:
        raise ModelRefused(f"{who} lacks {path.name}.") from None


def _signed_json(path: Path, signature: Path, key: bytes, who: str) -> dict[str, Any]:
    """A JSON object, once its signature holds; nothing of it is looked at before."""
    content = _read(path, who)
    if not is_signed(content, _read(signature, who), key):
        raise ModelRefused(f"{who}: the manifest is not as it was signed.")
    parsed: dict[str, Any] = json.loads(content)
    return parsed


def _manifest(folder: Path, key: bytes, who: str) -> dict[str, Any]:
    """The manifest of a folder, if it is as signed and speaks of that very folder."""
    manifest = _signed_json(folder / "manifest.json", folder / "manifest.sig", key, who)
    if manifest.get("format") != FORMAT:
        raise ModelRefused(f"{who} was stored in another form than today's; train it anew.")
    if (manifest.get("name"), manifest.get("version")) != (folder.parent.name, folder.name):
        # An old signed folder copied under a new name carries a valid signature; its name does not.
        raise ModelRefused(
            f"{who} says of itself that it is {manifest.get('name')} {manifest.get('version')}."
        )
    return manifest


def _check_hash(file: str, content: bytes, manifest: dict[str, Any], who: str) -> None:
    """Refuse a file that is not the one that was signed."""
    if sha256(content) != manifest["files"].get(file):
        raise ModelRefused(f"{who}: {file} is not the file that was signed.")


def check_label(manifest: dict[str, Any], months: int | None, who: str) -> None:
    """Refuse a version whose label takes another time to be known now; None compares nothing."""
    taught = manifest["training"].get("label_months")
    if months not in (None, taught):
        raise ModelRefused(
            f"{who} was taught on a label known after {taught} months, by the rules of now it is"
            f" known after {months}; train it anew."
        )


def _pipelines(content: bytes, who: str) -> dict[str, Any]:
    """The pipelines of a file, if it holds allowed types only."""
    try:
        unknown = set(skops.io.get_untrusted_types(data=content)) - TRUSTED_TYPES
        if unknown:
            raise ModelRefused(f"{who} holds types that are not allowed: {sorted(unknown)}.")
        pipelines = skops.io.loads(content, trusted=sorted(TRUSTED_TYPES))
    except ModelRefused:
        raise
    except Exception as error:
        # A signed file that cannot be read was never one of ours; whatever it raises is a refusal.
        raise ModelRefused(f"{who}: model.skops cannot be read ({type(error).__name__}).") from None
    if not isinstance(pipelines, dict):
        raise ModelRefused(f"{who}: model.skops holds no pipelines.")
    return pipelines
