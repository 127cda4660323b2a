"""The oracle's chances beside a bank of which only those are told: drawn customer by customer."""

import numpy as np
import polars as pl
import pytest

from ingestion.demo_bank.life import (
    LEAVING_SHARE,
    LEFT_CLOSED,
    LEFT_EMPTIED,
    RUN_DOWN_LEAST,
    RUN_DOWN_MOST,
    RUN_DOWN_SCALE,
    RUN_DOWN_SHAPE,
)
from scripts.churn_oracle import GAP, HORIZON, chances_of, gone_by

MONTH = 365.25 / 12
DRAWS = 400_000


def facts(**columns: object) -> pl.DataFrame:
    """One undecided customer without a loan, but for what is told."""
    plain = {"has_loan": False, "kind": "none", "months_until": None, "hazards": [0.0] * 4}
    return pl.DataFrame(
        {name: [columns.get(name, told)] for name, told in plain.items()},
        schema_overrides={"months_until": pl.Int64, "hazards": pl.List(pl.Float64)},
    )


@pytest.mark.parametrize("hazards", [[0.3, 0.2, 0.1, 0.3], [0.0, 0.0, 0.4, 0.0], [0.4, 0, 0, 0]])
def test_an_undecided_customer_is_lost_as_often_as_in_draws(hazards: list[float]) -> None:
    random = np.random.default_rng(3)
    decided = np.full(DRAWS, 99)
    for month, hazard in enumerate(hazards):
        now = (decided == 99) & (random.random(DRAWS) < hazard)
        decided[now] = month
    way = random.random(DRAWS)
    closed = way < LEAVING_SHARE[LEFT_CLOSED]
    emptied = ~closed & (way < LEAVING_SHARE[LEFT_CLOSED] + LEAVING_SHARE[LEFT_EMPTIED])
    length = random.gamma(RUN_DOWN_SHAPE, RUN_DOWN_SCALE, DRAWS)
    length = np.clip(length, RUN_DOWN_LEAST, RUN_DOWN_MOST)
    gone = (decided + random.random(DRAWS)) + length / MONTH
    lost = np.where(closed, gone, np.where(emptied, gone + 3, 99.0))
    judged = lost > GAP
    seen = float((lost[judged] <= GAP + HORIZON).mean())
    (told,) = chances_of(facts(hazards=hazards))
    assert told == pytest.approx(seen, abs=0.005)


def test_where_nobody_was_asked_any_more_the_chance_before_goes_on() -> None:
    """Who decided in the second month has no chance in the third: that would give him away."""
    known, carried = (
        chances_of(facts(hazards=each))[0] for each in ([0.1] * 4, [0.1] + [None] * 3)
    )
    assert carried == known


def test_who_has_decided_is_told_by_his_day_and_a_loan_keeps_him() -> None:
    def told(kind: str, month: int, *, has_loan: bool = False) -> float:
        return float(chances_of(facts(kind=kind, months_until=month, has_loan=has_loan))[0])

    assert told("hard_closed", 2) == 0.98
    assert told("hard_closed", 5) < 0.05
    assert told("hard_closed", 2, has_loan=True) < 0.1
    assert told("hard_emptied", 0) > 0.8 > 0.2 > told("hard_emptied", 2)
    assert told("soft", 1) < 0.01


def test_money_is_gone_by_bounds_that_the_bank_sets() -> None:
    assert gone_by(0, 0) == 0.0
    assert gone_by(0, 4) == pytest.approx(1.0)
    assert 0 < gone_by(0, 1) < gone_by(0, 2) < 1
