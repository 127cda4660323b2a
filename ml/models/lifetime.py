"""How long customers stay: shifted beta-geometric for terms, BG/NBD for free comings and goings.

Both are told by two or four numbers and count customers, not columns: they are the plain second
opinion beside the churn score, and what a lifetime value is made of. Periods are whatever the
caller counts in (months, years, renewals); a discount is per period.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.optimize import minimize
from scipy.special import gammaln, hyp2f1, psi

from ml.errors import InputRefused
from ml.frames.checks import finite, require_columns
from ml.models.pipelines import SEED, Array

#: Log of the parameters stays within this: beyond it customers are all alike, and any larger
#: number says the same.
_FAR = 12.0


@dataclass(frozen=True)
class ShiftedBetaGeometric:
    """Chance to leave at the end of each period is Beta(a, b), different from customer to customer.

    Attributes:
        a: First parameter of the beta distribution.
        b: Second one; the mean chance to leave is a / (a + b).
        log_likelihood: Of the observed counts.
    """

    a: float
    b: float
    log_likelihood: float

    def retention(self, period: Array | float) -> Array:
        """Share of those alive at the start of period 1, 2, ... who stay past its end."""
        t = np.asarray(period, dtype=np.float64)
        stayed: Array = (self.b + t - 1) / (self.a + self.b + t - 1)
        return stayed

    def survival(self, period: Array | float) -> Array:
        """Share of a cohort that is still there after so many periods; 1 after none."""
        t = np.asarray(period, dtype=np.float64)
        log = gammaln(self.b + t) - gammaln(self.b) - gammaln(self.a + self.b + t)
        alive: Array = np.exp(log + gammaln(self.a + self.b))
        return alive

    def residual_lifetime(
        self, survived: Array | float, discount: float, periods: int | None = None
    ) -> Array:
        """Discounted periods to come for who has stayed so many; the one just begun is not counted.

        Multiply by the margin of a period for a lifetime value.

        Args:
            survived: Periods stayed so far.
            discount: Per period, above nil.
            periods: How many later ones are counted; all of them where None.

        Source: Fader and Hardie 2010, equation 6, with n - 1 = ``survived``.
        """
        rate = _discount(discount)
        stayed = np.asarray(survived, dtype=np.float64)
        if periods is not None:
            ahead = np.arange(1, periods + 1, dtype=np.float64)
            alive = self.survival(stayed[..., None] + ahead) / self.survival(stayed)[..., None]
            within: Array = (alive / (1 + rate) ** (ahead - 1)).sum(axis=-1)
            return within
        left: Array = self.retention(stayed + 1) * hyp2f1(
            1.0, self.b + stayed + 1, self.a + self.b + stayed + 1, 1 / (1 + rate)
        )
        return left


def fit_contracts(frame: pl.DataFrame) -> ShiftedBetaGeometric:
    """Fit to contracts of any age.

    Args:
        frame: One row per contract: ``period_count`` (whole periods up to now, or up to the one in
            which he left) and ``is_lost``.

    Raises:
        InputRefused: A period that is not whole, a lost contract of no period, nobody lost, or all
            of them in the first period.

    Source:
        Fader and Hardie 2007, "How to Project Customer Retention", J. of Interactive Marketing 21.
    """
    return _fit_counts(*_counts(frame))


@dataclass(frozen=True)
class Stays:
    """How long contracts last, and how sure that is.

    Attributes:
        model: Fitted to all of them.
        draws: Fitted to as many contracts drawn anew, once for each draw that tells a lifetime.
        level: Of the intervals.
    """

    model: ShiftedBetaGeometric
    draws: tuple[ShiftedBetaGeometric, ...]
    level: float

    def residual_lifetime(
        self, survived: Array, discount: float, periods: int
    ) -> tuple[Array, Array, Array]:
        """Periods to come, and both ends of their interval; NaN where draws tell none.

        The interval is of the mean over all who stayed as long: it tells what chance did to the
        contracts that taught, not how unlike each other they are, nor what later years bring.
        """
        kinds, place = np.unique(survived, return_inverse=True)
        told = self.model.residual_lifetime(kinds, discount, periods)
        low = high = np.full(len(kinds), np.nan)
        if self.draws:
            drawn = [each.residual_lifetime(kinds, discount, periods) for each in self.draws]
            tail = (1 - self.level) / 2
            low, high = np.quantile(drawn, [tail, 1 - tail], axis=0)
        return told[place], low[place], high[place]


def fit_stays(frame: pl.DataFrame, *, level: float, draws: int, seed: int = SEED) -> Stays:
    """Fit to contracts of any age, and to contracts drawn anew from them.

    Raises:
        InputRefused: As :func:`fit_contracts`.
    """
    lost, kept = _counts(frame)
    model = _fit_counts(lost, kept)
    cells = np.concatenate([lost, kept])
    size = int(cells.sum())
    found = []
    drawn = np.random.default_rng(seed).multinomial(size, cells / size, size=draws)
    for row in drawn.astype(np.float64):
        try:
            found.append(_fit_counts(row[: len(lost)], row[len(lost) :], (model.a, model.b)))
        except InputRefused:
            continue  # of so few losses a draw may have none
    # Draws without a loss would have told the longest lives: where they are many, no end is known.
    is_told = len(found) > level * draws
    return Stays(model, tuple(found) if is_told else (), level)


def _counts(frame: pl.DataFrame) -> tuple[Array, Array]:
    """(lost in, last seen after) period 1, 2, ... of contracts."""
    require_columns(frame, ["period_count", "is_lost"])
    periods, lost = finite(frame, "period_count"), finite(frame, "is_lost") == 1
    if (periods < 0).any() or (periods != periods.round()).any() or (periods[lost] < 1).any():
        raise InputRefused(
            "period_count 必须是整数期数，流失的合同至少一期。",
            "period_count must be whole periods, at least one for a contract that was lost",
        )
    size = int(periods.max()) + 1
    whole = periods.astype(np.int64)
    dead, alive = (
        np.bincount(whole[each], minlength=size).astype(np.float64)[1:] for each in (lost, ~lost)
    )
    return dead, alive


def _fit_counts(
    lost: Array, ends: Array, start: tuple[float, float] = (1.0, 1.0)
) -> ShiftedBetaGeometric:
    """Maximum likelihood from how many left in, or were last seen after, period 1, 2, ..."""
    if not lost.sum() or not (ends.sum() + lost[1:].sum()):
        raise InputRefused(
            "观察期内无人流失或首期全部流失，无法估计存续。",
            "nobody left, or everybody in the first period: no lifetime can be told from that",
        )
    t = np.arange(1, len(lost) + 1, dtype=np.float64)

    def loss(free: Array) -> tuple[float, Array]:
        a, b = np.exp(free)
        end = gammaln(a + b) - gammaln(b) - gammaln(a + b + t)
        survived, died = end + gammaln(b + t), end + np.log(a) + gammaln(b + t - 1)
        by_a = psi(a + b) - psi(a + b + t)
        by_b = by_a - psi(b)
        slope = [
            lost @ (by_a + 1 / a) + ends @ by_a,
            lost @ (by_b + psi(b + t - 1)) + ends @ (by_b + psi(b + t)),
        ]
        return -float(lost @ died + ends @ survived), -np.array(slope) * [a, b]

    found = minimize(
        loss,
        np.log(start),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-_FAR, _FAR)] * 2,
        options={"ftol": 1e-14},
    )
    a, b = np.exp(found.x)
    return ShiftedBetaGeometric(float(a), float(b), -float(found.fun))


@dataclass(frozen=True)
class AliveModel:
    """BG/NBD: customers act at a rate of their own and may drop out after any act.

    Attributes:
        r: Shape of the gamma distribution of rates.
        alpha: Its scale, in the caller's periods.
        a: First parameter of the beta distribution of dropping out.
        b: Second one.
        log_likelihood: Of the observed customers.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float

    def alive(self, frame: pl.DataFrame) -> Array:
        """P(alive) of each customer at the end of his observation.

        Who never acted again is alive for certain, since this model lets nobody drop out before
        his first act: read it for customers with two acts or more.
        """
        x, last, age = _histories(frame)
        return 1 / (1 + self._odds_gone(x, last, age))

    def expected_acts(self, frame: pl.DataFrame, periods: float) -> Array:
        """Expected acts of each customer in the next ``periods``, dropping out counted in."""
        x, last, age = _histories(frame)
        # Euler's form of the paper's hypergeometric term: its own overflows for a hundred acts.
        ahead = periods / (self.alpha + age + periods)
        rest = (1 - ahead) ** (self.a - 1) * hyp2f1(
            self.a + self.b - 1 - self.r, self.a - 1, self.a + self.b + x - 1, ahead
        )
        acts: Array = (self.a + self.b + x - 1) / (self.a - 1) * (1 - rest)
        return acts / (1 + self._odds_gone(x, last, age))

    def _odds_gone(self, x: Array, last: Array, age: Array) -> Array:
        """Odds that he has dropped out; nil where he never acted again."""
        again = x > 0
        log = np.log(self.a) - np.log(np.where(again, self.b + x - 1, 1.0))
        log = log + (self.r + x) * np.log((self.alpha + age) / (self.alpha + last))
        return np.where(again, np.exp(np.minimum(log, 700.0)), 0.0)


def fit_alive(frame: pl.DataFrame) -> AliveModel:
    """Fit BG/NBD by maximum likelihood.

    Args:
        frame: One row per customer: ``repeat_count`` (acts after the first), ``recency_periods``
            (from first to last act) and ``age_periods`` (from first act to the end of observation).

    Raises:
        InputRefused: A gap, a recency beyond the age, an age of nil, or nobody who acted again.

    Source:
        Fader, Hardie, Lee 2005, "Counting Your Customers the Easy Way", Marketing Science 24 (2).
    """
    x, last, age = _histories(frame)
    if not x.any():
        raise InputRefused(
            "没有客户有第二次往来，无法估计存活概率。",
            "no customer acted a second time, so nothing tells who is still there",
        )
    unit = float(age.mean())
    table, counts = np.unique(
        np.column_stack([x, last / unit, age / unit]), axis=0, return_counts=True
    )
    x, last, age = table.T
    again = x > 0

    def loss(free: Array) -> float:
        r, alpha, a, b = np.exp(free)
        rates = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        stays = gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
        here = -(r + x) * np.log(alpha + age)
        gone = np.log(a) - np.log(np.where(again, b + x - 1, 1.0)) - (r + x) * np.log(alpha + last)
        either = np.where(again, np.logaddexp(here, gone), here)
        return -float(counts @ (rates + stays + either)) / float(counts.sum())

    found = minimize(
        loss, np.zeros(4), method="L-BFGS-B", bounds=[(-_FAR, _FAR)] * 4, options={"ftol": 1e-12}
    )
    r, alpha, a, b = np.exp(found.x)
    likelihood = -float(found.fun) * float(counts.sum()) - float((counts * x).sum()) * np.log(unit)
    return AliveModel(float(r), float(alpha * unit), float(a), float(b), likelihood)


def _histories(frame: pl.DataFrame) -> tuple[Array, Array, Array]:
    """(acts after the first, time from first to last act, time from first act to now)."""
    names = ["repeat_count", "recency_periods", "age_periods"]
    require_columns(frame, names)
    x, last, age = (finite(frame, name) for name in names)
    is_odd = (x < 0) | (x != x.round()) | (last < 0) | (last > age) | (age <= 0)
    is_odd |= (x == 0) != (last == 0)
    if is_odd.any():
        count = int(is_odd.sum())
        raise InputRefused(
            f"{count} 位客户的往来记录自相矛盾：次数、最近一次与观察期不符。",
            f"{count} customers have a history that contradicts itself: acts, recency and age",
        )
    return x, last, age


def _discount(discount: float) -> float:
    """The rate, if it can be used."""
    if not (np.isfinite(discount) and discount > 0):
        raise InputRefused("贴现率必须为正数。", "the discount per period must be above nil")
    return discount
