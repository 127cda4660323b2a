"""Which versions lie in the folder of a model, by their names."""

from __future__ import annotations

import re
from pathlib import Path

_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}\.\d{3}")


def is_version(name: str) -> bool:
    """Whether a name is one of a version.

    >>> is_version("2025-12-31.001"), is_version("../churn/2025-12-31.001")
    (True, False)
    """
    return _VERSION.fullmatch(name) is not None


def versions(models_dir: Path, name: str) -> list[str]:
    """Version names that are there, oldest first; names order as the versions do."""
    folder = models_dir / name
    if not folder.is_dir():
        return []
    return sorted(
        entry.name for entry in folder.iterdir() if entry.is_dir() and is_version(entry.name)
    )
