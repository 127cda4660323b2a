"""How long customers stay and what they are worth until then, refitted each night from facts.

Three plain models stand beside each other, and each is told by a few numbers: who still acts
(BG/NBD), how long those of a population stay (shifted beta-geometric), and what the states of value
are worth that customers walk through (Markov chain). What stops one of them is told in a sentence
and leaves the others. An act is a day on which the customer himself moved money: a visit is the
bank's doing, and ten postings of one day say no more of who is still there than one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Generic, TypeVar

import numpy as np
import polars as pl

from ml.errors import InputRefused
from ml.frames.checks import finite, require_columns
from ml.frames.lifetime_feeds import CUSTOMER_SCHEMA, FIT_SCHEMA, STATE_SCHEMA
from ml.frames.stays import (
    AMOUNTS,
    YEAR,
    acts_of,
    history_length,
    own_margin,
    stays_of,
    with_means,
)
from ml.models.lifetime import AliveModel, Stays, fit_alive, fit_stays
from ml.models.value_chain import ValueChain, ValueStates, fit_chain, fit_states
from ml.names import EVERYBODY

#: What tells the states apart, with the names that a manager reads.
TITLES = {
    "mean_contribution_amount": ("月均贡献(元)", "mean contribution of a month (yuan)"),
    "mean_deposit_amount": ("日均存款(元)", "average deposits (yuan)"),
    "mean_loan_amount": ("日均贷款(元)", "average loans (yuan)"),
    "product_count": ("产品数", "products"),
}
HISTORY = (
    "customer_key", "month_number", "population_code", "is_there", "is_judged", *AMOUNTS,
    "product_count",
)  # fmt: skip
_BY_BANK = ("改用全行参数", "so the whole bank's numbers are used")
Fitted = TypeVar("Fitted")
_ALIVE_PARTS = ("r", "alpha", "a", "b", "log_likelihood")
_STAY_PARTS = ("a", "b", "log_likelihood")
_AHEAD = ("remaining_months", "remaining_months_low", "remaining_months_high")


@dataclass(frozen=True)
class LifetimeRule:
    """The row of rule lifetime_rule.

    Attributes:
        annual_discount_rate: What a yuan of next year is worth less.
        state_count: States of value at most.
        minimum_state_rate: Least share of customers and months in each.
        prior_count: Customers' worth of steps of the whole bank that each state is given.
        state_month_count: Months, the present one included, whose means tell a state.
        horizon_month_count: Months that a value counts, the present one included.
        ahead_day_count: Days ahead for which acts are expected.
        minimum_customer_count: Fewest customers of a population to be fitted for itself.
        interval_level: Level of the interval of a lifetime value.
        draw_count: Bootstrap draws for it.
    """

    annual_discount_rate: float
    state_count: int
    minimum_state_rate: float
    prior_count: float
    state_month_count: int
    horizon_month_count: int
    ahead_day_count: int
    minimum_customer_count: int
    interval_level: float
    draw_count: int

    @property
    def monthly_discount_rate(self) -> float:
        """The rate of a month that compounds to the year's."""
        return float((1 + self.annual_discount_rate) ** (1 / YEAR) - 1)


@dataclass(frozen=True)
class Lifetimes:
    """What was found, in the columns of the three feeds, and what stopped the rest.

    Attributes:
        customers: One row per customer who is there in the last whole month.
        fits: One row per population, and one of everybody.
        states: One row per state of value.
        refused: (Chinese, English) of each model that could not be fitted at all.
    """

    customers: pl.DataFrame
    fits: pl.DataFrame
    states: pl.DataFrame
    refused: tuple[tuple[str, str], ...]


def lifetimes(
    history: pl.DataFrame, acted: pl.DataFrame, rule: LifetimeRule, day: date
) -> Lifetimes:
    """Fit all three on the whole months up to ``day`` and read them for who is there.

    Args:
        history: One row per customer and whole month: the columns of :data:`HISTORY`.
            ``is_there``: has an account and is not lost; ``is_judged``: whether the month could
            have found him lost.
        acted: One row per customer who ever acted up to the day: the columns of
            :data:`ml.frames.stays.ACTS`.
        rule: How to fit.
        day: Observation date.

    Raises:
        InputRefused: No whole month, a column that is not there, or nobody there.
    """
    require_columns(history, HISTORY)
    table = with_means(history.sort("customer_key", "month_number"), rule.state_month_count)
    last = int(table.get_column("month_number").max())  # type: ignore[arg-type]
    listed = table.filter((pl.col("month_number") == last) & pl.col("is_there"))
    require_columns(listed, HISTORY)
    acts, stays = acts_of(acted, day), stays_of(table, last)
    alive = _by_population(acts, fit_alive, rule)
    fit = partial(fit_stays, level=rule.interval_level, draws=rule.draw_count)
    stay = _by_population(stays, fit, rule)
    chain, chain_refused = _chain(table, rule)
    customers = (
        listed.select("customer_key", "population_code")
        .join(history_length(table), on="customer_key", how="left", maintain_order="left")
        .join(_told_acts(acts, alive, rule), on="customer_key", how="left", maintain_order="left")
        .join(_told_stays(stays, stay, rule), on="customer_key", how="left", maintain_order="left")
        .join(own_margin(table, last), on="customer_key", how="left", maintain_order="left")
        .with_columns(_renewal_values(rule))
    )
    customers, states = _with_states(customers, listed, chain)
    observed = pl.lit(day).alias("observation_date")
    fits = _told_fits(table, acts, stays, alive, stay)
    stopped = (alive.refused.get(EVERYBODY), stay.refused.get(EVERYBODY), chain_refused)
    return Lifetimes(
        _shaped(customers.with_columns(observed), CUSTOMER_SCHEMA),
        _shaped(fits.with_columns(observed), FIT_SCHEMA),
        _shaped(states.with_columns(observed), STATE_SCHEMA),
        tuple(each for each in stopped if each is not None),
    )


@dataclass(frozen=True)
class _Fits(Generic[Fitted]):
    """Models by population; a population without one goes by everybody's, if there is one."""

    own: Mapping[str, Fitted]
    refused: Mapping[str, tuple[str, str]]

    def of(self, population: str) -> Fitted | None:
        """The model that a population goes by."""
        return self.own.get(population, self.own.get(EVERYBODY))


def _populations(frame: pl.DataFrame) -> list[str]:
    """Everybody, and each population."""
    return [EVERYBODY, *frame.get_column("population_code").unique().sort().to_list()]


def _is_of(population: str) -> pl.Expr:
    """Rows of a population; everybody is of the whole bank."""
    return pl.lit(population == EVERYBODY) | (pl.col("population_code") == population)


def _by_population(frame: pl.DataFrame, fit: Any, rule: LifetimeRule) -> _Fits[Any]:
    """The model of each population that is large enough, and of everybody."""
    own: dict[str, Any] = {}
    refused: dict[str, tuple[str, str]] = {}
    for name in _populations(frame):
        rows = frame.filter(_is_of(name))
        customers = rows.get_column("customer_key").n_unique()
        try:
            if customers < rule.minimum_customer_count:
                least = rule.minimum_customer_count
                raise InputRefused(
                    f"仅 {customers} 位客户，至少需要 {least} 位。",
                    f"there are {customers} customers, and {least} are needed",
                )
            own[name] = fit(rows)
        except InputRefused as error:
            refused[name] = error.and_so(*_BY_BANK) if EVERYBODY in own else error.sentence
    return _Fits(own, refused)


def _told_acts(acts: pl.DataFrame, alive: _Fits[AliveModel], rule: LifetimeRule) -> pl.DataFrame:
    """P(alive) and acts to come; nothing of who acted on one day only, since it tells nothing."""
    parts = [acts.select(pl.exclude("population_code")).clear()]
    told = {"alive_probability": pl.Float64, "expected_act_count": pl.Float64}
    parts[0] = parts[0].with_columns(pl.lit(None, dtype=kind).alias(n) for n, kind in told.items())
    for key, rows in acts.group_by("population_code", maintain_order=True):
        model = alive.of(str(key[0]))
        again = rows.get_column("repeat_count").to_numpy() > 0
        chance = np.full(rows.height, np.nan)
        ahead = np.full(rows.height, np.nan)
        if model is not None and again.any():
            own = rows.filter(again)
            chance[again] = model.alive(own)
            # Rates are those of a free flow of acts; of days there are no more than that many.
            days = float(rule.ahead_day_count)
            ahead[again] = np.clip(model.expected_acts(own, days), 0.0, days)
        parts.append(
            rows.drop("population_code").with_columns(
                pl.Series("alive_probability", chance).fill_nan(None),
                pl.Series("expected_act_count", ahead).fill_nan(None),
            )
        )
    return pl.concat(parts).select("customer_key", "act_day_count", "idle_day_count", *told)


def _told_stays(stays: pl.DataFrame, fits: _Fits[Stays], rule: LifetimeRule) -> pl.DataFrame:
    """Months stayed so far, discounted months to come and their interval, of who is there."""
    here = stays.filter(~pl.col("is_lost"))
    ahead = np.full((len(_AHEAD), here.height), np.nan)
    names = here.get_column("population_code").to_numpy()
    months = here.get_column("period_count").to_numpy()
    for name in np.unique(names):
        model = fits.of(str(name))
        if model is not None:
            own = names == name
            ahead[:, own] = model.residual_lifetime(
                months[own], rule.monthly_discount_rate, rule.horizon_month_count - 1
            )
    return here.select(
        "customer_key",
        pl.col("period_count").alias("stayed_month_count"),
        *(pl.Series(name, one).fill_nan(None) for name, one in zip(_AHEAD, ahead, strict=True)),
    )


def _renewal_values(rule: LifetimeRule) -> list[pl.Expr]:
    """A customer's own margin over the months he is expected to stay, and over both ends of them.

    The month in hand is told in full, the first of those to come is a month away. Who costs money
    costs more the longer he stays, so his low end is that of the long stay.
    """
    told, *ends = (
        pl.col("own_margin") * (1 + pl.col(name) / (1 + rule.monthly_discount_rate))
        for name in _AHEAD
    )
    both = pl.all_horizontal(each.is_not_null() for each in ends)
    low, high = (pl.when(both).then(f(*ends)) for f in (pl.min_horizontal, pl.max_horizontal))
    return [
        told.alias("renewal_value"),
        low.alias("renewal_value_low"),
        high.alias("renewal_value_high"),
    ]


def _chain(
    table: pl.DataFrame, rule: LifetimeRule
) -> tuple[tuple[ValueStates, ValueChain] | None, tuple[str, str] | None]:
    """States and chain over the months that can find a customer lost, or the sentence why not."""
    here = table.filter(pl.col("is_judged") & pl.col("is_there"))
    try:
        _check_enough(here, rule)
        number = pl.col("month_number")
        following = pl.col("contribution_amount").shift(-1).over("customer_key")
        is_next = (number.shift(-1).over("customer_key") == number + 1).fill_null(value=False)
        # Who has left brings nothing, and that is what the tree has to know of his state.
        taught = here.with_columns(
            next_amount=pl.when(is_next).then(following).otherwise(0.0)
        ).filter(number < number.max())
        states = fit_states(
            taught,
            list(TITLES),
            "next_amount",
            states=rule.state_count,
            least_share=rule.minimum_state_rate,
        )
        chain = fit_chain(
            here.select(
                "customer_key",
                period_number="month_number",
                state=pl.Series(states.of(here)),
                margin_amount="contribution_amount",
            ),
            discount=rule.monthly_discount_rate,
            periods=rule.horizon_month_count,
            prior=rule.prior_count,
            level=rule.interval_level,
            draws=rule.draw_count,
        )
    except InputRefused as error:
        return None, error.sentence
    return (states, chain), None


def _check_enough(here: pl.DataFrame, rule: LifetimeRule) -> None:
    """Refuse customers who are too few, or one month of them."""
    count = here.get_column("customer_key").n_unique()
    months = here.get_column("month_number").n_unique()
    if months < 2 or count < rule.minimum_customer_count:
        raise InputRefused(
            f"可判断去留的仅 {months} 个月、{count} 位客户，至少需要 2 个月、"
            f"{rule.minimum_customer_count} 位。",
            f"there are {months} months that can find a customer lost and {count} customers; "
            f"2 and {rule.minimum_customer_count} are needed",
        )
    finite(here, "contribution_amount")


def _with_states(
    customers: pl.DataFrame,
    listed: pl.DataFrame,
    fitted: tuple[ValueStates, ValueChain] | None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(customers with state and value, states); of no chain, empty ones. States count from 1."""
    amounts = ("lifetime_value", "lifetime_value_low", "lifetime_value_high")
    if fitted is None:
        nothing = [pl.lit(None, dtype=pl.Float64).alias(name) for name in amounts]
        return (
            customers.with_columns(pl.lit(None, dtype=pl.Int64).alias("state_number"), *nothing),
            pl.DataFrame(schema={n: k for n, k in STATE_SCHEMA.items() if n != "observation_date"}),
        )
    states, chain = fitted
    told = chain.values.select(
        pl.col("customer_count").cast(pl.Int64),
        state_number=pl.col("state").cast(pl.Int64) + 1,
        margin="margin_amount",
        lifetime_value="lifetime_value_amount",
        lifetime_value_low="low_amount",
        lifetime_value_high="high_amount",
        leave_rate=pl.Series(chain.steps[: chain.values.height, -1]),
    )
    rules = [rule.rounded() for rule in states.rules[: told.height]]
    told = told.with_columns(
        pl.Series("rule_zh", [rule.chinese(TITLES) for rule in rules], pl.String),
        pl.Series("rule_en", [rule.english(TITLES) for rule in rules], pl.String),
    )
    placed = customers.with_columns(pl.Series("state_number", states.of(listed) + 1, pl.Int64))
    values = told.select("state_number", *amounts)
    return placed.join(values, on="state_number", how="left", maintain_order="left"), told


def _told_fits(
    table: pl.DataFrame,
    acts: pl.DataFrame,
    stays: pl.DataFrame,
    alive: _Fits[AliveModel],
    stay: _Fits[Stays],
) -> pl.DataFrame:
    """One row per population and one of everybody: parameters of its own, or why it has none."""
    rows = []
    for name in _populations(table):
        own = _is_of(name)
        one, other = alive.own.get(name), stay.own.get(name)
        notes = [
            (f"{zh}：{text[0]}", f"{en}: {text[1]}")
            for (zh, en), fits in ((("活跃", "alive"), alive), (("留存", "stay"), stay))
            if (text := fits.refused.get(name)) is not None
        ]
        rows.append(
            {
                "population_code": name,
                "acting_count": acts.filter(own).height,
                "stay_count": stays.filter(own).height,
                "lost_count": stays.filter(own & pl.col("is_lost")).height,
                **_parts("alive", one, _ALIVE_PARTS),
                **_parts("stay", other and other.model, _STAY_PARTS),
                "note_zh": " ".join(zh for zh, _ in notes) or None,
                "note_en": "; ".join(en for _, en in notes) or None,
            }
        )
    schema = {n: k for n, k in FIT_SCHEMA.items() if n != "observation_date"}
    return pl.DataFrame(rows, schema=schema)


def _parts(kind: str, model: Any, names: Sequence[str]) -> dict[str, float]:
    """Parameters of a model by column of the feed; none where there is no model."""
    return {f"{kind}_{name}": getattr(model, name) for name in names} if model else {}


def _shaped(frame: pl.DataFrame, schema: Mapping[str, Any]) -> pl.DataFrame:
    """The columns of a feed, in their order and types."""
    return frame.select(list(schema)).cast(dict(schema))  # type: ignore[arg-type]
