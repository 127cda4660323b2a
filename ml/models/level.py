"""The level of probabilities: one shift of all log-odds to what the customers who judged did.

How likely an event is on the whole moves from season to season, and months that taught may lie
behind by a quarter of it, while the order of customers and the spread of their odds last. So the
version that scores is moved, once, to the rate of the month that judged it. Every measure of a
version is of its probabilities before that, since afterwards the level is no forecast.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit

from ml.models.pipelines import BETTER_Z, Array

#: Events that a month must have: of 100 the level is known to a tenth, of fewer a shift would be
#: mostly luck.
LEAST_EVENTS = 100
_LEAST_RATE = 1e-9
#: No bank is off by more than this on the log-odds; beyond, a probability is nil or sure.
_FURTHEST = 20.0


@dataclass(frozen=True)
class Level:
    """How a version stood to the month that judged it, and by how much it was moved.

    Attributes:
        foretold_rate: Mean probability before.
        seen_rate: Share with the event.
        event_count: Of them.
        shift: What is added to all log-odds; nil where events are few or luck explains the rest.
    """

    foretold_rate: float
    seen_rate: float
    event_count: int
    shift: float

    def as_data(self) -> dict[str, Any]:
        """Plain data for the report."""
        return asdict(self)


def level_of(labels: Array, scores: Array) -> Level:
    """The level of probabilities beside what came, and the shift between them.

    Args:
        labels: 1 for who had the event, of customers who did not teach the model.
        scores: What it foretold of them.
    """
    events = int(labels.sum())
    foretold, seen = float(scores.mean()), float(labels.mean())
    luck = float(np.sqrt((scores * (1 - scores)).sum())) / max(len(scores), 1)
    is_known = LEAST_EVENTS <= events <= len(labels) - LEAST_EVENTS
    is_off = is_known and abs(foretold - seen) > BETTER_Z * luck
    return Level(foretold, seen, events, shift_between(labels, scores) if is_off else 0.0)


def shift_between(labels: Array, scores: Array) -> float:
    """What must be added to all log-odds so that they foretell as many events as came.

    >>> round(shift_between(np.array([1.0, 0.0]), np.array([0.2, 0.2])), 6)
    1.386294
    """
    seen = float(labels.mean())
    if not 0 < seen < 1:
        return 0.0
    return float(brentq(lambda by: shifted(scores, by).mean() - seen, -_FURTHEST, _FURTHEST))


def shifted(scores: Array, by: float) -> Array:
    """Probabilities whose log-odds are moved; to the last digit the same where they are not."""
    if by == 0.0:
        return scores
    moved: Array = expit(logit(np.clip(scores, _LEAST_RATE, 1 - _LEAST_RATE)) + by)
    return moved
