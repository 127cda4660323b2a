"""What a stored version must keep before it is used: files as signed, allowed types, its label."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import skops.io

from ml.errors import ModelRefused, Pair
from ml.registry.signing import is_signed, sha256

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


def read_file(path: Path, who: Pair) -> bytes:
    """The bytes of a file of a version."""
    try:
        return path.read_bytes()
    except OSError:
        raise ModelRefused(
            f"{who[0]} 缺少文件 {path.name}。", f"{who[1]} lacks {path.name}."
        ) from None


def _signed_json(path: Path, signature: Path, key: bytes, who: Pair) -> dict[str, Any]:
    """A JSON object, once its signature holds; nothing of it is looked at before."""
    content = read_file(path, who)
    if not is_signed(content, read_file(signature, who), key):
        raise ModelRefused(
            f"{who[0]} 的清单文件与签名不符，可能被改动过。",
            f"{who[1]}: the manifest is not as it was signed, it may have been changed.",
        )
    parsed: dict[str, Any] = json.loads(content)
    return parsed


def read_manifest(folder: Path, key: bytes, who: Pair) -> dict[str, Any]:
    """The manifest of a folder, if it is as signed and speaks of that very folder."""
    manifest = _signed_json(folder / "manifest.json", folder / "manifest.sig", key, who)
    if manifest.get("format") != FORMAT:
        raise ModelRefused(
            f"{who[0]} 的存储格式与现在不同；请重新训练。",
            f"{who[1]} was stored in another form than today's; train it anew.",
        )
    if (manifest.get("name"), manifest.get("version")) != (folder.parent.name, folder.name):
        # An old signed folder copied under a new name carries a valid signature; its name does not.
        other = (manifest.get("name"), manifest.get("version"))
        raise ModelRefused(
            f"{who[0]} 的清单文件写的却是模型 {other[0]} 的版本 {other[1]}。",
            f"{who[1]} says of itself that it is {other[0]} {other[1]}.",
        )
    return manifest


def check_hash(file: str, content: bytes, manifest: dict[str, Any], who: Pair) -> None:
    """Refuse a file that is not the one that was signed."""
    if sha256(content) != manifest["files"].get(file):
        raise ModelRefused(
            f"{who[0]} 的文件 {file} 与签名时不同，可能被改动过。",
            f"{who[1]}: {file} is not the file that was signed, it may have been changed.",
        )


def check_label(manifest: dict[str, Any], months: int | None, who: Pair) -> None:
    """Refuse a version whose label takes another time to be known now; None compares nothing."""
    taught = manifest["training"].get("label_months")
    if months not in (None, taught):
        raise ModelRefused(
            f"{who[0]} 训练所用的标签在 {taught} 个月后才知道，按现行规则在 {months} 个月后知道；"
            "请重新训练。",
            f"{who[1]} was taught on a label known after {taught} months, by the rules of now it is"
            f" known after {months}; train it anew.",
        )


def read_pipelines(content: bytes, who: Pair) -> dict[str, Any]:
    """The pipelines of a file, if it holds allowed types only."""
    try:
        unknown = set(skops.io.get_untrusted_types(data=content)) - TRUSTED_TYPES
        if unknown:
            raise ModelRefused(
                f"{who[0]} 的文件含有不允许的类型：{'、'.join(sorted(unknown))}。",
                f"{who[1]} holds types that are not allowed: {', '.join(sorted(unknown))}.",
            )
        pipelines = skops.io.loads(content, trusted=sorted(TRUSTED_TYPES))
    except ModelRefused:
        raise
    except Exception as error:
        # A signed file that cannot be read was never one of ours; whatever it raises is a refusal.
        raise ModelRefused(
            f"{who[0]} 的文件 model.skops 无法读取（{type(error).__name__}）；请重新训练。",
            f"{who[1]}: model.skops cannot be read ({type(error).__name__}); train it anew.",
        ) from None
    if not isinstance(pipelines, dict):
        raise ModelRefused(
            f"{who[0]} 的文件 model.skops 中没有训练结果；请重新训练。",
            f"{who[1]}: model.skops holds no pipelines; train it anew.",
        )
    return pipelines
