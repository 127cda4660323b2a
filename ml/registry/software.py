"""Versions of packages that a stored model depends on, and which others it may be read with."""

from __future__ import annotations

import numpy as np
import sklearn
import skops

from ml.errors import ModelRefused, Pair


def software() -> dict[str, str]:
    """Versions that a stored model depends on."""
    return {
        "scikit-learn": sklearn.__version__,
        "skops": skops.__version__,
        "numpy": np.__version__,
    }


def check_software(stored: dict[str, str], who: Pair) -> None:
    """Refuse another minor version of scikit-learn or skops, or another major one of numpy."""
    now = software()
    for package, parts in (("scikit-learn", 2), ("skops", 2), ("numpy", 1)):
        then = str(stored.get(package, "0"))
        if then.split(".")[:parts] != now[package].split(".")[:parts]:
            raise ModelRefused(
                f"{who[0]} 用 {package} {then} 训练，现装的是 {now[package]}；请重新训练。",
                f"{who[1]} was made with {package} {then}, and {now[package]} is installed; "
                "train it anew.",
            )
