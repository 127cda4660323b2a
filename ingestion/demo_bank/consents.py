"""Who has agreed to be offered products, as the department keeps it; its list repeats itself."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from ingestion.demo_bank.columns import dates
from ingestion.demo_bank.people import People
from ingestion.demo_bank.shape import Period, Shape

_GIVEN_SHARE: Final = 0.78
_ASKED_WITHIN: Final = 20
# A tenth takes his consent back, some time within five years.
_WITHDRAWN_SHARE: Final = 0.10
_WITHDRAWN_WITHIN: Final = 1_825
# The last days of a month stand in the next list once more.
_REPEATED_DAYS: Final = 10
_STRANGE_CUSTOMER: Final = "C9999999"


def consent_frame(shape: Shape, people: People, period: Period) -> pl.DataFrame:
    """Consents given and withdrawn in a month, and at first all from before it."""
    rng = shape.rng("consent")
    agrees = rng.random(people.count) < _GIVEN_SHARE
    given = people.opened + rng.integers(0, _ASKED_WITHIN, people.count)
    leaves = agrees & (rng.random(people.count) < _WITHDRAWN_SHARE)
    taken_back = given + 1 + rng.integers(0, _WITHDRAWN_WITHIN, people.count)
    first = 0 if period.index == 0 else period.start - _REPEATED_DAYS
    rows = []
    for day, is_meant, code in ((given, agrees, "given"), (taken_back, leaves, "withdrawn")):
        place = np.flatnonzero(is_meant & (day >= first) & (day <= period.end))
        rows.append(
            pl.DataFrame(
                {
                    "customer_id": people.ids.gather(place),
                    "changed_date": dates(day[place]),
                    "consent_code": pl.Series([code] * len(place), dtype=pl.String),
                }
            )
        )
    strange = pl.DataFrame(
        {
            "customer_id": [_STRANGE_CUSTOMER],
            "changed_date": [period.last],
            "consent_code": ["given"],
        }
    )
    return pl.concat([*rows, strange] if period.index == 1 else rows)
