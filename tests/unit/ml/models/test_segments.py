"""Clusters: planted ones are found, named and told by rules that hold; none are made up."""

import numpy as np
import polars as pl
import pytest
import skops.io
from sklearn.metrics import adjusted_rand_score

from ml.errors import InputRefused
from ml.frames.columns import Columns
from ml.models.pipelines import single_thread
from ml.models.rules import Rule
from ml.models.segments import fit_clusters

TITLES = {"balance": ("余额", "balance"), "acts": ("往来次数", "acts"), "age": ("年龄", "age")}
COLUMNS = Columns(("balance", "acts", "age"))


def _planted(rows: int = 1500, seed: int = 1) -> tuple[pl.DataFrame, np.ndarray]:
    """Rich and quiet, poor and busy, young with little of both; money over orders of magnitude."""
    rng = np.random.default_rng(seed)
    group = rng.choice(3, rows, p=[0.5, 0.3, 0.2])
    frame = pl.DataFrame(
        {
            "balance": rng.lognormal(np.array([8.0, 12.5, 5.0])[group], 0.5),
            "acts": rng.poisson(np.array([60.0, 6.0, 5.0])[group]).astype(float),
            "age": rng.normal(np.array([45.0, 62.0, 24.0])[group], 4),
        }
    )
    return frame, group


@pytest.fixture(scope="module")
def fitted():
    with single_thread():
        return fit_clusters(_planted()[0], COLUMNS, counts=range(2, 6), titles=TITLES, draws=10)


def test_the_planted_groups_are_found_and_no_more(fitted):
    frame, group = _planted(seed=2)
    assert fitted.told.height == 3
    assert adjusted_rand_score(group, fitted.of(frame)) > 0.97
    assert fitted.told.get_column("row_share").to_list() == pytest.approx([0.5, 0.3, 0.2], abs=0.05)
    tried = {row["cluster_count"]: row for row in fitted.tried.to_dicts()}
    assert tried[3]["least_jaccard"] > 0.95
    assert tried[3]["silhouette"] > max(tried[2]["silhouette"], tried[4]["silhouette"])


def test_each_cluster_has_a_name_that_says_what_stands_out(fitted):
    names = fitted.told.select("name_chinese", "name_english").rows()
    assert len(set(names)) == 3
    assert "high acts" in names[0][1]
    assert "往来次数偏高" in names[0][0]
    assert "high balance" in names[1][1]
    assert "余额偏高" in names[1][0]
    assert "low age" in names[2][1] or "low balance" in names[2][1]


def test_told_coverage_and_purity_are_those_of_the_told_rule(fitted):
    """The rule as printed, typed in again by hand, keeps the customers that it says it does."""
    frame, _ = _planted()
    labels = fitted.of(frame)
    for row in fitted.told.to_dicts():
        kept = np.zeros(frame.height, dtype=bool)
        for rule in row["rule_english"].split("; or "):
            kept |= _typed_in(frame, rule)
        inside = labels == row["cluster"]
        assert row["coverage"] == pytest.approx(kept[inside].mean())
        assert row["purity"] == pytest.approx(inside[kept].mean())
        assert min(row["coverage"], row["purity"]) > 0.93
        assert "，且" in row["rule_chinese"] or " " in row["rule_chinese"]


def _typed_in(frame: pl.DataFrame, rule: str) -> np.ndarray:
    """A manager's sieve: '5 < age ≤ 9 and acts > 3'."""
    kept = np.ones(frame.height, dtype=bool)
    for part in rule.replace(",", "").split(" and "):
        words = part.split(" ")
        if len(words) == 5:
            values = frame[words[2]].to_numpy()
            kept &= (values > float(words[0])) & (values <= float(words[4]))
        else:
            values, bound = frame[words[0]].to_numpy(), float(words[2])
            kept &= values > bound if words[1] == ">" else values <= bound
    return kept


def test_where_there_are_no_groups_none_are_made_up():
    rng = np.random.default_rng(3)
    cloud = pl.DataFrame(rng.normal(size=(800, 3)), schema=["balance", "acts", "age"])
    with single_thread(), pytest.raises(InputRefused) as refused:
        fit_clusters(cloud, COLUMNS, counts=range(2, 6), draws=10)
    assert "没有" in refused.value.sentence[0]


def test_what_no_draw_brings_back_is_no_cluster():
    """Thirty customers in five clusters: other customers would have made other clusters."""
    rng = np.random.default_rng(5)
    few = pl.DataFrame(rng.uniform(size=(60, 3)), schema=["balance", "acts", "age"])
    with single_thread(), pytest.raises(InputRefused, match="stable"):
        fit_clusters(few, COLUMNS, counts=[6], draws=10)


def test_a_category_has_the_say_of_one_number_and_is_told_by_its_name():
    frame, group = _planted(900)
    frame = frame.with_columns(
        place=pl.Series(np.where(group == 2, "town", np.where(group == 1, "hill", "farm")))
    )
    with single_thread():
        found = fit_clusters(frame, Columns(("balance",), ("place",)), counts=[3], draws=5)
        labels = found.of(frame.with_columns(place=pl.lit("moon")))
    assert any("place = " in rule for rule in found.told.get_column("rule_english"))
    assert len(labels) == 900  # a place that training never saw tells nothing and breaks nothing


def test_empty_constant_and_turned_columns_change_nothing(fitted):
    frame, _ = _planted()
    with single_thread():
        odd = fit_clusters(
            frame.with_columns(empty=pl.lit(None), constant=pl.lit(7.0)),
            Columns((*COLUMNS.numbers, "empty", "constant")),
            counts=[3],
            draws=3,
        )
    rows = frame.with_columns(empty=pl.lit(None), constant=pl.lit(7.0))
    np.testing.assert_array_equal(odd.of(rows), fitted.of(frame.select("age", "acts", "balance")))


def test_stored_clusters_give_the_same_answer(fitted):
    """Stored without pickle, as the registry stores every pipeline."""
    stored = skops.io.dumps(fitted.pipeline)
    loaded = skops.io.loads(stored, trusted=skops.io.get_untrusted_types(data=stored))
    frame, _ = _planted(200, seed=9)
    rows = frame.select(COLUMNS.names)
    np.testing.assert_array_equal(loaded.predict(rows), fitted.pipeline.predict(rows))


def test_customers_who_are_all_the_same_are_no_clusters():
    same = pl.DataFrame({"balance": [1.0] * 200, "acts": [2.0] * 200, "age": [3.0] * 200})
    with single_thread(), pytest.raises(InputRefused, match="differ"):
        fit_clusters(same, COLUMNS, counts=[2, 3], draws=3)


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (_planted(30)[0], "too few"),
        (_planted(100)[0].drop("age"), "age"),
        (_planted(100)[0].with_columns(age=pl.lit(float("inf"))), "infinite"),
    ],
)
def test_what_cannot_be_clustered_is_refused(frame, told):
    with pytest.raises(InputRefused, match=told):
        fit_clusters(frame, COLUMNS, counts=[5], draws=2)


def test_a_rule_says_who_is_unknown_and_what_a_flag_means():
    rule = Rule(
        leaf=1,
        bounds={"balance": (-np.inf, 1234567.0), "place = town": (0.5, np.inf)},
        takes_gaps=frozenset({"balance"}),
    ).rounded()
    assert rule.english(TITLES) == "balance ≤ 1,230,000 or unknown and place = town"
    assert rule.chinese(TITLES) == "余额 ≤ 1,230,000或未知，且place = town"
    frame = pl.DataFrame({"balance": [None, 1.0, 2e6], "place = town": [1.0, 0.0, 1.0]})
    assert rule.holds(frame).tolist() == [True, False, False]
