"""Is a column still measured in the unit that the model was taught in?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from ml.errors import ScoringHeld
from ml.frames.features import Feature, chinese_name

#: A typical size that moved by this factor is another unit (yuan as fen), not another season.
UNIT_FACTOR = 20.0
#: Fewer values than this have no typical size.
MIN_VALUES_FOR_SIZE = 200


def typical_sizes(frame: pl.DataFrame, features: Sequence[Feature]) -> dict[str, float]:
    """Middle absolute size of each number, zeros left out; names without enough values left out."""
    sizes: dict[str, float] = {}
    for feature in features:
        if feature.kind == "number":
            column = frame.get_column(feature.name)
            filled = column.filter(column != 0).abs()
            if len(filled) >= MIN_VALUES_FOR_SIZE:
                sizes[feature.name] = float(filled.quantile(0.5) or 0.0)
    return sizes


def check_sizes(
    model_name: str, then: Mapping[str, float], frame: pl.DataFrame, features: Sequence[Feature]
) -> None:
    """Hold the scores when a column's typical size moved as only a change of unit moves it.

    Args:
        model_name: For the sentence.
        then: Typical sizes in training.
        frame: The features of today.
        features: Those whose size matters, as the version reads them.

    Raises:
        ScoringHeld: One sentence with the column and both sizes.
    """
    now = typical_sizes(frame, features)
    for name, before in then.items():
        if name not in now or before == 0 or now[name] == 0:
            continue
        factor = now[name] / before
        if not 1 / UNIT_FACTOR < factor < UNIT_FACTOR:
            raise ScoringHeld(
                f"特征 {chinese_name(name, features)}今天的典型值为 {now[name]:.4g}，"
                f"训练时为 {before:.4g}；核实其单位之前，模型 {model_name} 的评分暂不采用。",
                f"{name} is typically {now[name]:.4g} today and was {before:.4g} in training; "
                f"scores of {model_name} are held until its unit is checked.",
            )
