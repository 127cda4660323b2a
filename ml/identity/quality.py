"""How good a resolution is, measured against a known truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Quality:
    """Pairs and numbers that ended right or wrong.

    Attributes:
        right: Pairs of numbers of one customer that ended in one party.
        false: Pairs of two customers that ended in one party.
        missed: Pairs of one customer that ended in two parties.
        b_cubed: Harmonic mean of B-cubed precision and recall over all numbers.
    """

    right: int
    false: int
    missed: int
    b_cubed: float

    @property
    def precision(self) -> float:
        """Share of linked pairs that are right; 1 where nothing was linked."""
        linked = self.right + self.false
        return self.right / linked if linked else 1.0

    @property
    def recall(self) -> float:
        """Share of true pairs that were linked; 1 where there are none."""
        true = self.right + self.missed
        return self.right / true if true else 1.0


def measure(party_of: Mapping[int, int], truth_of: Mapping[int, int]) -> Quality:
    """Compare parties with the truth, both by customer number; a number without a party is alone.

    >>> found = measure({1: 1, 2: 1, 3: 1}, {1: 1, 2: 1, 3: 3, 4: 3})
    >>> (found.right, found.false, found.missed, round(found.precision, 2), round(found.recall, 2))
    (1, 2, 1, 0.33, 0.5)
    """
    both = Counter((party_of.get(key, key), true) for key, true in truth_of.items())
    found = Counter(party_of.get(key, key) for key in truth_of)
    true = Counter(truth_of.values())
    right = _pairs(both)
    shares = [
        (count, count / found[party], count / true[who]) for (party, who), count in both.items()
    ]
    total = max(len(truth_of), 1)
    precision = sum(count * share for count, share, _ in shares) / total
    recall = sum(count * share for count, _, share in shares) / total
    b_cubed = 2 * precision * recall / (precision + recall) if precision + recall else 1.0
    return Quality(right, _pairs(found) - right, _pairs(true) - right, b_cubed)


def _pairs(counts: Counter[tuple[int, int]] | Counter[int]) -> int:
    return sum(count * (count - 1) // 2 for count in counts.values())
