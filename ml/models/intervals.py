"""Ends between which like cases lie, from the errors of those that the model has not seen.

Split conformal: of ten customers with a 90% interval nine bring what lies within theirs, whatever
the model. Classes of like customers are told apart in :mod:`ml.models.bands`. It holds for
customers like those held out: a year unlike theirs is not in it.

Sources:
    Vovk, Gammerman, Shafer 2005 (conformal prediction by category); Lei and others 2018 (split).
"""

from __future__ import annotations

import numpy as np

from ml.models.pipelines import Array


def margins_around(ordered: Array, level: float) -> tuple[float | None, float | None]:
    """Ends of the interval around nil from sorted errors; each tail has half of what is left over.

    The k-th of n errors is taken such that a new one lies beyond it with at most that chance. Where
    the class is so small that even its worst error would not do, there is no interval.
    """
    tail, count = (1 - level) / 2, len(ordered)
    rank = int(np.floor(tail * (count + 1) + 1e-9))
    return (None, None) if rank < 1 else (float(ordered[rank - 1]), float(ordered[count - rank]))
