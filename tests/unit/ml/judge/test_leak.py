"""Which single fact tells most of a label, and from where on it is a leak."""

import numpy as np
import polars as pl
import pytest

from ml.errors import LeakSuspected
from ml.frames.features import Feature
from ml.judge.leak import (
    Strongest,
    check_judged,
    separation,
    strongest_of_event,
    strongest_of_value,
)

ROWS = 4_000
NUMBER = Feature("number", "number", "a number", "数")
CODE = Feature("code", "category", "a code", "码", categories=("a", "b", "c"), is_optional=True)
OWN = Feature("own", "number", "last quarter", "上季度")


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.fixture
def left(rng):
    return rng.random(ROWS) < 0.05


def test_a_label_with_one_row_in_a_hundred_turned_round_is_a_leak(rng, left):
    told = (left ^ (rng.random(ROWS) < 0.01)).astype(float)
    found = strongest_of_event(pl.DataFrame({"number": told}), [NUMBER], left)
    assert 0.98 < found.figure < 0.995
    with pytest.raises(LeakSuspected, match=r"^number seems to know the label: .* AUC 0\.9"):
        found.check()


def test_a_label_copied_into_a_category_is_a_leak_and_so_is_one_in_its_gaps(rng, left):
    noise = rng.choice(["a", "b"], ROWS)
    for codes in (np.where(left, "c", noise), [None if gone else "a" for gone in left]):
        rows = pl.DataFrame({"code": codes, "number": rng.random(ROWS)})
        found = strongest_of_event(rows, [NUMBER, CODE], left)
        assert (found.feature, found.figure) == ("code", 1.0)


def test_a_fact_that_is_filled_for_some_alone_is_looked_at_there(rng, left):
    """Where nothing is written for most, the order of all customers would hide it."""
    is_filled = rng.random(ROWS) < 0.3
    told = pl.when(pl.Series(is_filled)).then(pl.Series(left).cast(pl.Float64))
    found = strongest_of_event(pl.select(number=told), [NUMBER], left)
    assert found.figure == 1.0


@pytest.mark.parametrize("kind", ["code", "number", "noise", "gap"])
def test_a_mark_of_a_part_of_the_leavers_is_a_leak_though_its_auc_is_low(rng, kind):
    left = rng.random(4 * ROWS) < 0.05
    is_marked = left & (rng.random(len(left)) < 0.4)
    told = {
        "code": np.where(is_marked, "c", "a"),
        "number": is_marked.astype(float),
        "noise": np.where(is_marked, 9 + rng.random(len(left)), rng.random(len(left))),
        "gap": pl.Series(rng.random(len(left))).scatter(np.flatnonzero(is_marked), None),
    }[kind]
    feature = CODE if kind == "code" else NUMBER
    rows = pl.DataFrame({feature.name: told})
    found = strongest_of_event(rows, [feature], left)
    assert (found.measure, found.feature) == ("rate", feature.name)
    with pytest.raises(LeakSuspected, match=r"promises it where it is .*, with a rate of at"):
        found.check()


def test_what_is_sure_among_thinned_rows_alone_is_no_leak(rng):
    """Of ten who stayed one teaches: 98 of 100 there are 83 of 100 of the bank."""
    left = rng.random(8 * ROWS) < 0.1
    told = np.where(left, rng.random(len(left)) < 0.5, rng.random(len(left)) < 0.0008)
    rows = pl.DataFrame({"number": told.astype(float)})
    assert strongest_of_event(rows, [NUMBER], left).measure == "rate"
    assert strongest_of_event(rows, [NUMBER], left, odds_kept=0.1).measure == "auc"


def test_few_rows_promise_nothing(rng, left):
    told = np.zeros(ROWS)
    told[np.flatnonzero(left)[:40]] = 1
    assert strongest_of_event(pl.DataFrame({"number": told}), [NUMBER], left).measure == "auc"


def test_an_honest_fact_passes_with_its_figure(rng, left):
    codes = rng.choice(["a", "b", "c"], ROWS)
    rows = pl.DataFrame({"number": rng.normal(size=ROWS) + left, "code": codes})
    found = strongest_of_event(rows, [CODE, NUMBER], left)
    assert found.feature == "number"
    assert 0.7 < found.figure < 0.8
    found.check()


def test_a_value_is_known_by_its_order_whatever_the_scale(rng):
    value = rng.lognormal(6, 2, ROWS) * (rng.random(ROWS) < 0.8)
    own = value * rng.lognormal(0, 0.5, ROWS)
    for told in (2 * value, -value / 7, np.log1p(value)):
        rows = pl.DataFrame({"number": told, "own": own})
        found = strongest_of_value(rows, [OWN, NUMBER], value, "own")
        assert found.feature == "number"
        with pytest.raises(LeakSuspected, match=r"ranks them with a correlation of 1\.0000"):
            found.check()


def test_the_last_quarter_may_be_like_the_next_one_but_not_be_it(rng):
    value = rng.lognormal(6, 2, ROWS)
    near = value * rng.lognormal(0, 0.5, ROWS)
    strongest_of_value(pl.DataFrame({"own": near}), [OWN], value, "own").check()
    for told, own in (("own", value + 1), ("number", near)):
        rows = pl.DataFrame({"own": own, "number": near})
        with pytest.raises(LeakSuspected, match=f"{told} seems to know"):
            strongest_of_value(rows, [OWN, NUMBER], value, "own").check()


def test_a_version_that_foretells_too_well_is_refused():
    check_judged("churn", {"model": {"auc": 0.9}, "baseline": {"auc": 0.88}})
    check_judged("value", {"model": {"mae": 1.0}, "baseline": {"mae": 2.0}})
    with pytest.raises(LeakSuspected, match=r"model of churn reaches an AUC of 0\.9965"):
        check_judged("churn", {"model": {"auc": 0.9965}, "baseline": {"auc": 0.9}})
    with pytest.raises(LeakSuspected, match="baseline of survival"):
        check_judged("survival", {"model": {"concordance": 0.8}, "baseline": {"concordance": 0.99}})


def test_a_leak_is_told_by_the_name_of_the_feature():
    with pytest.raises(LeakSuspected) as caught:
        Strongest("level_code", "auc", 0.98, 0.97).check()
    assert caught.value.sentence[0].startswith(
        "特征 客户级别（level_code）似乎事先知道标签：仅凭它区分客户，AUC 已为 0.9800，"
        "达到 0.97 即不可能是预测；"
    )


def test_few_rows_of_a_kind_separate_nothing():
    assert separation(np.arange(40) < 20, np.arange(40.0)) == 0.5
