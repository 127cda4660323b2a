"""Contributions are Shapley values: compared with their definition, over all subsets."""

from itertools import combinations
from math import factorial

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from ml.models.tree_attribution import TreeAttribution


def _expected_value(nodes, index, row, known):
    """Margin of a row of which only ``known`` features are known, by walking the tree."""
    node = nodes[index]
    if node["is_leaf"]:
        return float(node["value"])
    left, right = int(node["left"]), int(node["right"])
    if int(node["feature_idx"]) in known:
        value = row[int(node["feature_idx"])]
        is_left = (
            bool(node["missing_go_to_left"])
            if np.isnan(value)
            else (value <= node["num_threshold"])
        )
        return _expected_value(nodes, left if is_left else right, row, known)
    share = float(nodes[left]["count"]) / float(node["count"])
    return share * _expected_value(nodes, left, row, known) + (1 - share) * _expected_value(
        nodes, right, row, known
    )


def _shapley(model, row, size):
    """The definition, at two to the number of features walks per row."""

    def worth(known):
        return sum(_expected_value(stage[0].nodes, 0, row, known) for stage in model._predictors)

    result = np.zeros(size)
    for feature in range(size):
        others = [f for f in range(size) if f != feature]
        for count in range(size):
            weight = factorial(count) * factorial(size - count - 1) / factorial(size)
            for subset in combinations(others, count):
                known = frozenset(subset)
                result[feature] += weight * (worth(known | {feature}) - worth(known))
    return result


@pytest.fixture(scope="module")
def matrix():
    rng = np.random.default_rng(3)
    values = rng.normal(size=(600, 5))
    values[rng.random(values.shape) < 0.1] = np.nan
    return values


@pytest.fixture(scope="module")
def classifier(matrix):
    filled = np.nan_to_num(matrix)
    labels = (filled[:, 0] * filled[:, 1] + filled[:, 2] > 0.2).astype(int)
    return HistGradientBoostingClassifier(
        max_iter=6, max_leaf_nodes=9, min_samples_leaf=8, random_state=1
    ).fit(matrix, labels)


def test_contributions_equal_the_definition_on_every_subset(classifier, matrix):
    rows = matrix[:12]
    found = TreeAttribution(classifier).contributions(rows)
    for place, row in enumerate(rows):
        assert found[:, place] == pytest.approx(_shapley(classifier, row, 5), abs=1e-12)


def test_contributions_add_up_to_the_margin(classifier, matrix):
    explained = TreeAttribution(classifier)
    total = explained.contributions(matrix).sum(axis=0) + explained.expected
    assert total == pytest.approx(classifier.decision_function(matrix), abs=1e-10)


def test_a_regressor_is_explained_in_its_own_unit(matrix):
    target = np.nan_to_num(matrix[:, 3]) * 1000 + 50
    model = HistGradientBoostingRegressor(
        loss="absolute_error", max_iter=8, max_leaf_nodes=6, random_state=1
    ).fit(matrix, target)
    explained = TreeAttribution(model)
    total = explained.contributions(matrix).sum(axis=0) + explained.expected
    assert total == pytest.approx(model.predict(matrix), abs=1e-8)
    assert np.abs(explained.contributions(matrix)).mean(axis=1).argmax() == 3


def test_a_tree_without_a_split_explains_nothing(matrix):
    model = HistGradientBoostingRegressor(max_iter=2).fit(matrix, np.full(len(matrix), 4.0))
    explained = TreeAttribution(model)
    assert not explained.contributions(matrix).any()
    assert explained.expected == pytest.approx(4.0)


def test_categorical_splits_and_deep_trees_are_refused(matrix):
    codes = np.random.default_rng(2).integers(0, 6, size=(400, 1)).astype(float)
    model = HistGradientBoostingRegressor(
        max_iter=1, categorical_features=[0], min_samples_leaf=5
    ).fit(codes, (codes[:, 0] % 2) * 10)
    with pytest.raises(ValueError, match="encode categories first"):
        TreeAttribution(model)
    wide = HistGradientBoostingRegressor(max_iter=1, max_leaf_nodes=40, min_samples_leaf=2).fit(
        matrix, np.nan_to_num(matrix).sum(axis=1)
    )
    with pytest.raises(ValueError, match="tables are kept for 16"):
        TreeAttribution(wide)
