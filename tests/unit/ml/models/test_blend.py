"""The blend: held-out weights, calibration, and contributions that add up to the score."""

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from ml.frames.columns import Columns
from ml.judge import metrics
from ml.models.blend import BlendedClassifier
from ml.models.factories import blended_classifier, logistic_classifier
from ml.models.held_out import Learnt
from ml.models.pipelines import single_thread

ROWS = 1200


def people(rows: int = ROWS, seed: int = 1) -> tuple[pl.DataFrame, np.ndarray]:
    """Made customers whose log-odds of leaving are a bend, a category and an interaction."""
    random = np.random.default_rng(seed)
    balance = random.normal(size=rows)
    visits = random.integers(0, 5, rows).astype(float)
    kind = random.choice(["shop", "farm", "office"], rows)
    odds = -1 + 1.5 * np.abs(balance) - 0.4 * visits + 1.2 * (kind == "farm") * (balance > 0)
    frame = pl.DataFrame({"balance": balance, "visits": visits, "kind": kind}).with_columns(
        balance=pl.when(pl.int_range(pl.len()) % 17 == 0).then(None).otherwise("balance"),
        kind=pl.when(pl.int_range(pl.len()) % 23 == 0).then(None).otherwise("kind"),
    )
    return frame, (random.random(rows) < expit(odds)).astype(float)


@pytest.fixture(scope="module")
def fitted() -> tuple[BlendedClassifier, pl.DataFrame, np.ndarray]:
    frame, left = people()
    with single_thread():
        pipeline = blended_classifier(Columns.of(frame, frame.columns), folds=3).fit(frame, left)
    return pipeline[-1], *people(seed=2)


def test_contributions_of_the_columns_add_up_to_the_log_odds(fitted) -> None:
    blend, frame, _ = fitted
    names, contributions, expected = blend.attribution(frame)
    assert sorted(names) == ["balance", "kind", "visits"]
    assert contributions.shape == (3, frame.height)
    np.testing.assert_allclose(contributions.sum(axis=0) + expected, blend.raw(frame), atol=1e-9)


@pytest.mark.parametrize("heading", ["self", "remainder", "n_jobs", "a__b"])
def test_a_column_may_be_called_what_the_library_calls_its_own(heading: str) -> None:
    frame, left = people(200)
    frame = frame.rename({"balance": heading, "kind": "transformers"})
    columns = Columns.of(frame, frame.columns)
    blend = blended_classifier(columns, folds=2).fit(frame, left)[-1]
    names, contributions, expected = blend.attribution(frame)
    assert sorted(names) == sorted(frame.columns)
    np.testing.assert_allclose(contributions.sum(axis=0) + expected, blend.raw(frame), atol=1e-9)


def test_a_column_that_says_nothing_is_given_nearly_nothing(fitted) -> None:
    blend, frame, _ = fitted
    names, contributions, _ = blend.attribution(frame)
    weight = dict(zip(names, np.abs(contributions).mean(axis=1), strict=True))
    assert weight["balance"] > weight["visits"] > 0.1


def test_probabilities_are_calibrated_on_rows_not_seen(fitted) -> None:
    blend, frame, left = fitted
    probability = blend.predict_proba(frame)[:, 1]
    assert metrics.calibration_slope(left, probability) == pytest.approx(1, abs=0.25)
    assert probability.mean() == pytest.approx(left.mean(), abs=0.04)


def test_it_is_no_worse_than_the_plain_model(fitted) -> None:
    blend, frame, left = fitted
    teaching, labels = people()
    plain = logistic_classifier(Columns.of(frame, frame.columns)).fit(teaching, labels)
    ours = metrics.log_losses(left, blend.predict_proba(frame)[:, 1]).mean()
    theirs = metrics.log_losses(left, plain.predict_proba(frame)[:, 1]).mean()
    assert ours < theirs


def test_weights_are_chosen_on_held_out_rows() -> None:
    """Labels that are noise leave the model nothing to be sure of."""
    frame, _ = people(400)
    noise = (np.random.default_rng(5).random(400) < 0.3).astype(float)
    with single_thread():
        blend = blended_classifier(Columns.of(frame, frame.columns), folds=3).fit(frame, noise)[-1]
    assert blend.predict_proba(frame)[:, 1].std() < 0.1


def test_rows_of_one_customer_stay_together() -> None:
    """Twins of every row would teach the trees by heart, were they in another fold."""
    frame, _ = people(300)
    noise = (np.random.default_rng(5).random(300) < 0.3).astype(float)
    twice, labels = pl.concat([frame] * 4), np.tile(noise, 4)
    columns = Columns.of(frame, frame.columns)
    fold = np.tile(np.arange(300) % 3, 4)
    with single_thread():
        apart = blended_classifier(columns, folds=3).fit(twice, labels)[-1]
        together = blended_classifier(columns).fit(twice, labels, model__fold_of_row=fold)[-1]
    spread = together.predict_proba(frame)[:, 1].std()
    assert spread < apart.predict_proba(frame)[:, 1].std() / 2


def test_the_same_rows_give_the_same_model() -> None:
    frame, left = people(400)
    columns = Columns.of(frame, frame.columns)
    with single_thread():
        first, second = (
            blended_classifier(columns, folds=3).fit(frame, left).predict_proba(frame)[:, 1]
            for _ in range(2)
        )
    np.testing.assert_array_equal(first, second)


def test_a_refitted_blend_keeps_one_pipeline_of_each_member_and_is_as_good() -> None:
    frame, left = people(1200)
    other, seen = people(1200, seed=2)
    columns = Columns.of(frame, frame.columns)
    with single_thread():
        bagged, refitted = (
            blended_classifier(columns, 3, is_large=is_large).fit(frame, left)
            for is_large in (False, True)
        )
    assert {len(each) for each in refitted[-1].members_} == {1}
    losses = [
        metrics.log_losses(seen, each.predict_proba(other)[:, 1]).mean()
        for each in (bagged, refitted)
    ]
    assert losses[1] < 1.05 * losses[0]


def test_what_was_drawn_moves_every_log_odds_alike_and_no_reason() -> None:
    frame, left = people(600)
    columns, folds = Columns.of(frame, frame.columns), np.arange(600) % 3
    learnt: dict[str, Learnt] = {}
    with single_thread():
        plain, moved = (
            blended_classifier(columns, 3).fit(
                frame,
                left,
                model__fold_of_row=folds,
                model__learnt=learnt,
                model__drawn=drawn,
            )[-1]
            for drawn in (0.0, -1.5)
        )
    np.testing.assert_allclose(moved.decision_function(frame), plain.decision_function(frame) - 1.5)
    (_, parts, middle), (_, same, lower) = (each.attribution(frame) for each in (plain, moved))
    np.testing.assert_array_equal(parts, same)
    assert lower == pytest.approx(middle - 1.5)


@pytest.mark.parametrize("trust", [1.0, 0.8])
def test_thinned_stayers_leave_the_level_of_all_rows_as_it_is(trust: float) -> None:
    """Narrowed after the move, the level of a thinned bank lay 5% below what came."""
    random = np.random.default_rng(5)
    odds = -4 + 2 * random.normal(size=40_000)
    frame = pl.DataFrame({"odds": odds})
    left = (random.random(len(odds)) < expit(odds)).astype(float)
    kept = (left == 1) | (random.random(len(odds)) < 0.07)
    drawn = np.log(kept[left == 0].mean())
    with single_thread():
        thinned = logistic_classifier(Columns.of(frame, ["odds"]), 3, trust=trust).fit(
            frame.filter(kept), left[kept], model__drawn=drawn
        )
    assert thinned.predict_proba(frame)[:, 1].mean() / left.mean() == pytest.approx(1, abs=0.02)


def test_a_row_of_double_weight_is_a_row_that_stands_twice() -> None:
    frame, left = people(400)
    columns = Columns.of(frame, ["visits"])
    heavy = np.where(np.arange(400) % 3 == 0, 2.0, 1.0)
    folds = np.arange(400) % 3
    twice = np.repeat(np.arange(400), heavy.astype(int))
    with single_thread():
        weighted = logistic_classifier(columns, 3).fit(
            frame, left, model__sample_weight=heavy, model__fold_of_row=folds
        )
        repeated = logistic_classifier(columns, 3).fit(
            frame[twice], left[twice], model__fold_of_row=folds[twice]
        )
    # Curves rank by rows, not by weight, so the two are near and not the same.
    near = weighted.predict_proba(frame)[:, 1] - repeated.predict_proba(frame)[:, 1]
    plain = logistic_classifier(columns, 3).fit(frame, left, model__fold_of_row=folds)
    far = plain.predict_proba(frame)[:, 1] - repeated.predict_proba(frame)[:, 1]
    assert np.abs(near).mean() < 0.3 * np.abs(far).mean()


def test_a_rival_that_shares_members_is_the_one_taught_by_itself() -> None:
    frame, left = people(400)
    columns, folds = Columns.of(frame, frame.columns), np.arange(400) % 3
    learnt: dict[str, Learnt] = {}
    with single_thread():
        blended_classifier(columns, 3).fit(
            frame, left, model__fold_of_row=folds, model__learnt=learnt
        )
        taught = set(learnt)
        shared, alone = (
            logistic_classifier(columns, 3).fit(
                frame, left, model__fold_of_row=folds, model__learnt=memory
            )
            for memory in (learnt, None)
        )
    assert taught == {"shallow", "bushy", "curves"} == set(learnt)
    assert shared[-1].members_[0] is learnt["curves"].models
    np.testing.assert_array_equal(shared.predict_proba(frame), alone.predict_proba(frame))


def test_less_trust_narrows_the_scores_and_keeps_their_rate() -> None:
    frame, left = people(900)
    columns, folds = Columns.of(frame, frame.columns), np.arange(900) % 3
    with single_thread():
        learnt: dict[str, Learnt] = {}
        whole, half = (
            blended_classifier(columns, 3, trust=trust).fit(
                frame, left, model__fold_of_row=folds, model__learnt=learnt
            )
            for trust in (1.0, 0.5)
        )
    wide, narrow = (each.predict_proba(frame)[:, 1] for each in (whole, half))
    odds = [each.decision_function(frame) for each in (whole, half)]
    assert np.polyfit(*odds, 1)[0] == pytest.approx(0.5)
    assert narrow.mean() == pytest.approx(wide.mean(), abs=0.01)
    held_out = expit(
        half[-1].intercept_
        + sum(
            weight * learnt[name].scores
            for name, weight in zip(half[-1].member_names_, half[-1].weights_, strict=True)
        )
    )
    assert held_out.mean() == pytest.approx(left.mean(), abs=1e-4)
