"""The page of a version: drawn from its signed report, laid beside it, read by nothing."""

from __future__ import annotations

from pathlib import Path

from ml.book.page import page
from ml.errors import ModelRefused
from ml.registry import roles
from ml.registry.signing import replace_synced
from ml.registry.store import read_report

FILE = "book.html"


def draw(models_dir: Path, name: str, version: str, *, key_path: Path) -> str:
    """The page as HTML, with what the version is today where that can be told.

    Raises:
        ModelRefused: Manifest or report are not as signed, or older than the book.
    """
    manifest, report = read_report(models_dir, name, version, key_path=key_path)
    if "book" not in report:
        raise ModelRefused(
            f"模型 {name} 的版本 {version} 训练时还没有模型手册；请重新训练：crm ml train {name}。",
            f"Model {name} {version} was trained before books were written; train it anew:"
            f" crm ml train {name}.",
        )
    try:
        role = roles.read(models_dir, name, key_path=key_path).role_of(version)
    except ModelRefused:
        role = None
    return page(manifest, report, role=role)


def write(models_dir: Path, name: str, version: str, *, key_path: Path) -> Path:
    """Lay the page into the version's folder, in the place of one that may lie there.

    It is not among the signed files: no score reads it, and whoever doubts it has it drawn anew.

    Raises:
        ModelRefused: As for :func:`draw`.
    """
    path = models_dir / name / version / FILE
    replace_synced(path, draw(models_dir, name, version, key_path=key_path).encode())
    return path
