"""What makes different people look like one: a family's telephone, a branch that files anew."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from ingestion.demo_bank.bank import BRANCHES
from ingestion.demo_bank.shape import Bools, Ints

# Share of persons whose telephone is that of a relative in the same district.
_SHARED: Final = 0.03
# Share of the numbers of other systems that another branch gave.
_ELSEWHERE: Final = 0.3


def family_telephones(
    mobiles: pl.Series, names: pl.Series, district: Ints, is_person: Bools, rng: np.random.Generator
) -> tuple[pl.Series, Ints]:
    """(the telephones, whose telephone each has) after some took that of a relative.

    A relative has the surname and the district in common, and another name.
    """
    surnames = np.array(names.str.head(1).to_list())
    order = np.lexsort((surnames, district))
    order = order[is_person[order]]
    one, other = order[:-1], order[1:]
    is_family = (surnames[one] == surnames[other]) & (district[one] == district[other])
    picked = is_family & (rng.random(len(one)) < _SHARED)
    # Nobody's telephone is passed on twice.
    picked[1:] &= ~picked[:-1]
    holder = np.arange(len(names))
    holder[one[picked]] = other[picked]
    return mobiles.gather(holder), holder


def other_branches(organisations: Ints, is_free: Bools, rng: np.random.Generator) -> Ints:
    """The units of second numbers, some of them given by a branch that did not ask the others."""
    units = np.array(BRANCHES)
    moved = is_free & (rng.random(len(organisations)) < _ELSEWHERE)
    found: Ints = np.where(moved, units[rng.integers(0, len(units), len(moved))], organisations)
    return found
