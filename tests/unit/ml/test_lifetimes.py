"""Lifetimes of a night: planted stays, acts and margins come back, and what lacks is told."""

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

from ml.errors import InputRefused
from ml.frames.lifetime_feeds import CUSTOMER_SCHEMA, FIT_SCHEMA, STATE_SCHEMA
from ml.lifetimes import LifetimeRule, lifetimes
from ml.models.lifetime import fit_contracts
from ml.names import EVERYBODY

FEEDS = Path(__file__).parents[3] / "ingestion" / "feeds"
TYPES = {"integer": pl.Int64, "date": pl.Date, "text": pl.String, "float": pl.Float64}
RULE = LifetimeRule(0.08, 4, 0.02, 1, 12, 60, 365, 100, 0.9, 30)
DAY = dt.date(2025, 12, 31)
LAST = 2025 * 12 + 12
RICH, POOR = 1000.0, 10.0


def _bank(
    customers: int = 600, months: int = 12, leaving: float = 0.03
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A third are rich and two thirds poor; each leaves by lot and stops acting when he does."""
    rng = np.random.default_rng(5)
    rows, acted = [], []
    for key in range(customers):
        life = min(int(rng.geometric(leaving)), months)
        brings = RICH if key % 3 == 0 else POOR
        for month in range(months):
            is_there = month < life
            rows.append(
                {
                    "customer_key": key,
                    "month_number": LAST - months + 1 + month,
                    "population_code": "merchant" if key % 2 else "village_resident",
                    "is_there": is_there,
                    "is_judged": True,
                    "contribution_amount": brings if is_there else 0.0,
                    "deposit_amount": 50 * brings if is_there else 0.0,
                    "loan_amount": 0.0,
                    "product_count": 2,
                }
            )
        start = DAY - dt.timedelta(days=30 * months)
        rate = rng.gamma(3.0, 1 / 20)
        days = np.flatnonzero(rng.random(30 * life) < rate)
        if len(days):
            acted.append(
                {
                    "customer_key": key,
                    "population_code": rows[-1]["population_code"],
                    "act_day_count": len(days),
                    "first_act_date": start + dt.timedelta(days=int(days[0])),
                    "last_act_date": start + dt.timedelta(days=int(days[-1])),
                }
            )
    return pl.DataFrame(rows), pl.DataFrame(acted)


@pytest.fixture(scope="module")
def bank() -> tuple[pl.DataFrame, pl.DataFrame]:
    return _bank()


@pytest.mark.parametrize(
    ("feed", "schema"),
    [
        ("ml__customer_lifetime", CUSTOMER_SCHEMA),
        ("ml__lifetime_fit", FIT_SCHEMA),
        ("ml__value_state", STATE_SCHEMA),
    ],
)
def test_columns_are_those_of_the_feed(feed, schema):
    described = yaml.safe_load((FEEDS / f"{feed}.yml").read_text(encoding="utf-8"))
    assert {c["name"]: TYPES[c["type"]] for c in described["columns"]} == schema


def test_who_is_there_has_a_row_and_who_left_has_none(bank):
    history, acted = bank
    found = lifetimes(history, acted, RULE, DAY)
    here = history.filter((pl.col("month_number") == LAST) & pl.col("is_there"))
    assert found.customers["customer_key"].to_list() == here["customer_key"].to_list()
    assert found.refused == ()
    assert found.customers.schema == pl.Schema(CUSTOMER_SCHEMA)


def test_states_tell_rich_from_poor_and_value_is_that_of_five_years(bank):
    """By hand: one leaves in 0.03 of the months, and 60 of them count."""
    history, acted = bank
    found = lifetimes(history, acted, RULE, DAY)
    assert found.states["margin"].to_list() == [POOR, RICH]
    kept = 0.97 / 1.08 ** (1 / 12)
    months = (1 - kept**60) / (1 - kept)
    for state, brings in zip(found.states.to_dicts(), (POOR, RICH), strict=True):
        assert state["leave_rate"] == pytest.approx(0.03, abs=0.008)
        assert state["lifetime_value"] == pytest.approx(brings * months, rel=0.2)
        assert state["lifetime_value_low"] < state["lifetime_value"] < state["lifetime_value_high"]
    # The second opinion, of another model, says about the same of each.
    ratio = found.customers["renewal_value"] / found.customers["lifetime_value"]
    assert ratio.min() > 0.7
    assert ratio.max() < 1.4
    for told in ("remaining_months", "renewal_value"):
        low, mean, high = (found.customers[told + end] for end in ("_low", "", "_high"))
        assert ((low < mean) & (mean < high)).all(), told
        assert ((high - low) / mean).max() < 0.5


def test_a_population_goes_by_its_own_numbers_or_by_those_of_the_bank(bank):
    history, acted = bank
    rule = LifetimeRule(**{**vars(RULE), "minimum_customer_count": 400})
    own = lifetimes(history, acted, RULE, DAY).fits
    fits = lifetimes(history, acted, rule, DAY).fits
    assert own.filter(pl.col("alive_r").is_null()).is_empty()
    told = {row["population_code"]: row for row in fits.to_dicts()}
    assert told[EVERYBODY]["note_zh"] is None
    assert told["merchant"]["alive_r"] is None
    assert "300 customers, and 400 are needed" in told["merchant"]["note_en"]
    assert "仅 300 位客户，至少需要 400 位，改用全行参数。" in told["merchant"]["note_zh"]
    assert "so the whole bank's numbers are used" in told["merchant"]["note_en"]
    # Where the bank is too small as well, there are no numbers to go by.
    nobody = LifetimeRule(**{**vars(RULE), "minimum_customer_count": 10**6})
    refused = lifetimes(history, acted, nobody, DAY).fits
    assert not refused["note_zh"].str.contains("改用全行参数").any()


def test_who_has_long_been_silent_is_less_alive(bank):
    history, acted = bank
    customers = lifetimes(history, acted, RULE, DAY).customers
    silent = customers["idle_day_count"] > 200
    assert customers.filter(silent).height == 0
    late = acted.with_columns(
        last_act_date=pl.when(pl.col("customer_key") == customers["customer_key"][0])
        .then(pl.col("first_act_date") + dt.timedelta(days=60))
        .otherwise(pl.col("last_act_date"))
    )
    # His last day of many is months ago: the same number of acts says that he is gone.
    moved = lifetimes(history, late, RULE, DAY).customers
    assert moved["alive_probability"][0] < 0.05
    assert moved["expected_act_count"][0] < 1
    assert customers["alive_probability"][0] > 0.7


def test_one_act_says_nothing_of_who_is_alive(bank):
    history, acted = bank
    first = int(acted["customer_key"][0])
    once = acted.with_columns(
        act_day_count=pl.when(pl.col("customer_key") == first)
        .then(1)
        .otherwise(pl.col("act_day_count")),
        last_act_date=pl.when(pl.col("customer_key") == first)
        .then(pl.col("first_act_date"))
        .otherwise(pl.col("last_act_date")),
    )
    found = lifetimes(history, once, RULE, DAY).customers.filter(pl.col("customer_key") == first)
    assert found["alive_probability"].to_list() in ([None], [])


def test_stays_are_those_of_the_judged_months_and_a_return_is_a_new_one():
    history, acted = _bank(200)
    gap = history.filter((pl.col("month_number") == LAST) & pl.col("is_there"))["customer_key"][0]
    broken = history.with_columns(
        is_there=pl.col("is_there")
        & ~((pl.col("customer_key") == gap) & (pl.col("month_number") == LAST - 3)),
        is_judged=pl.col("month_number") > LAST - 10,
    )
    found = lifetimes(broken, acted, RULE, DAY)
    row = found.customers.filter(pl.col("customer_key") == gap).to_dicts()[0]
    assert row["stayed_month_count"] == 2
    others = found.customers.filter(pl.col("customer_key") != gap)
    assert others["stayed_month_count"].unique().to_list() == [9]


def test_what_stops_one_model_leaves_the_others():
    """Nobody leaves: no retention can be told, acts and states can."""
    history, acted = _bank(300, leaving=1e-9)
    found = lifetimes(history, acted, RULE, DAY)
    assert [english for _, english in found.refused] == [
        "nobody left, or everybody in the first period: no lifetime can be told from that"
    ]
    assert found.customers["remaining_months"].null_count() == 300
    assert found.customers["renewal_value"].null_count() == 300
    assert found.customers["lifetime_value"].null_count() == 0
    assert found.customers["alive_probability"].null_count() < 300


def test_one_month_of_history_gives_no_values_and_says_so():
    history, acted = _bank(300, months=1)
    found = lifetimes(history, acted, RULE, DAY)
    assert found.states.is_empty()
    assert found.customers["lifetime_value"].null_count() == found.customers.height > 0
    assert any("2 and 100 are needed" in english for _, english in found.refused)


def test_nobody_there_is_refused():
    history, acted = _bank(50)
    with pytest.raises(InputRefused, match="no rows"):
        lifetimes(history.with_columns(is_there=pl.lit(value=False)), acted, RULE, DAY)


def test_the_same_facts_give_the_same_figures_in_any_order(bank):
    history, acted = bank
    once = lifetimes(history, acted, RULE, DAY)
    again = lifetimes(history.sample(fraction=1, shuffle=True, seed=1), acted.reverse(), RULE, DAY)
    assert once.customers.equals(again.customers)
    assert once.fits.equals(again.fits)
    assert once.states.equals(again.states)


def test_months_to_come_within_a_horizon_are_the_sum_of_the_survival():
    fitted = fit_contracts(
        pl.DataFrame({"period_count": [1, 2, 3, 4, 5] * 20, "is_lost": [True, False] * 50})
    )
    by_hand = sum(
        fitted.survival(3.0 + t) / fitted.survival(3.0) / 1.1 ** (t - 1) for t in range(1, 13)
    )
    assert fitted.residual_lifetime(3.0, 0.1, 12) == pytest.approx(by_hand)
    far = fitted.residual_lifetime(np.array([3.0, 0.0]), 0.1, 2000)
    np.testing.assert_allclose(far, fitted.residual_lifetime(np.array([3.0, 0.0]), 0.1), rtol=1e-6)
