"""Teaching several models fold by fold: each row is scored by one that has not seen it.

Encoding a frame costs as much as learning from it, so what is encoded for a fold serves every model
that reads it that way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing

from ml.models.pipelines import Array

Numbers = NDArray[np.int64]
TREES = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)


@dataclass(frozen=True)
class Rows:
    """Rows of a table that teach: frame, target, weight of each row if they differ, fold."""

    frame: Any
    target: Array
    weight: Array | None
    fold: Numbers

    def at(self, places: Numbers) -> Rows:
        """Those at the places given."""
        weight = None if self.weight is None else self.weight[places]
        frame = _safe_indexing(self.frame, places)
        return Rows(frame, self.target[places], weight, self.fold[places])

    def folds(self) -> Iterator[tuple[Numbers, Numbers]]:
        """(places of the other folds, places of the fold) for each fold."""
        for fold in np.unique(self.fold):
            yield np.flatnonzero(self.fold != fold), np.flatnonzero(self.fold == fold)


@dataclass(frozen=True)
class Learnt:
    """A kind of model, taught on all folds but one in turn.

    Attributes:
        encoders: Fitted encoding of each fold; kinds that share an encoding share these.
        models: Fitted model of each fold, behind its encoder.
        scores: Raw score of each row by the model that had not seen it.
    """

    encoders: list[Pipeline]
    models: list[Any]
    scores: Array


def learn(
    encoding: Pipeline, kinds: Mapping[str, Sequence[Any]], rows: Rows
) -> dict[str, list[Learnt]]:
    """Teach every candidate of every kind that reads one encoding; of each kind in their order."""
    encoders: list[Pipeline] = []
    places: list[Numbers] = []
    held: list[Array] = []
    models: dict[str, list[list[Any]]] = {name: [[] for _ in kinds[name]] for name in kinds}
    scores = {name: [np.empty(len(rows.target)) for _ in kinds[name]] for name in kinds}
    has_trees = any(isinstance(each, TREES) for tried in kinds.values() for each in tried)
    for rest, place in rows.folds():
        encoder = clone(encoding)
        teaching, judging = rows.at(rest), rows.at(place)
        matrix = as_matrix(encoder.fit_transform(teaching.frame, teaching.target))
        matrix_held = as_matrix(encoder.transform(judging.frame))
        encoders.append(encoder)
        places.append(place)
        for name, candidates in kinds.items():
            for number, candidate in enumerate(candidates):
                model = _fitted(candidate, matrix, teaching, matrix_held, judging)
                models[name][number].append(model)
                if not isinstance(model, TREES):
                    scores[name][number][place] = raw_score(model, matrix_held)
        # Trees score once all folds have said how many of them are best.
        held.append(matrix_held if has_trees else np.empty(0))
    sizes = np.array([len(place) for place in places])
    for name in kinds:
        for number, fitted in enumerate(models[name]):
            if not isinstance(fitted[0], TREES):
                continue
            _cut_to_common_length(fitted, sizes)
            for model, matrix, place in zip(fitted, held, places, strict=True):
                scores[name][number][place] = raw_score(model, matrix)
    return {
        name: [
            Learnt(encoders, fitted, score)
            for fitted, score in zip(models[name], scores[name], strict=True)
        ]
        for name in kinds
    }


def teach_again(encoding: Pipeline, kinds: Mapping[str, Learnt], rows: Rows) -> dict[str, Learnt]:
    """The same kinds on all rows at once; trees as many as the folds found best."""
    encoder = clone(encoding)
    matrix = as_matrix(encoder.fit_transform(rows.frame, rows.target))
    again: dict[str, Learnt] = {}
    for name, learnt in kinds.items():
        model = clone(learnt.models[0])
        if isinstance(model, TREES):
            model.set_params(max_iter=len(learnt.models[0]._predictors), early_stopping=False)
        model.fit(matrix, rows.target, sample_weight=rows.weight)
        again[name] = Learnt([encoder], [model], learnt.scores)
    return again


def raw_score(model: Any, matrix: Array) -> Array:
    """Score of encoded rows on the scale on which scores are added."""
    is_classifier = hasattr(model, "decision_function")
    score = model.decision_function(matrix) if is_classifier else model.predict(matrix)
    return as_matrix(score).reshape(-1)


def as_matrix(encoded: Any) -> Array:
    """Encoded rows as an array of floats."""
    matrix: Array = np.asarray(encoded, dtype=np.float64)
    return matrix


def _fitted(candidate: Any, matrix: Array, teaching: Rows, held: Array, judging: Rows) -> Any:
    """One model on the rows that teach; trees stop growing when held-out rows gain no more."""
    model = clone(candidate)
    more: dict[str, Any] = {}
    if isinstance(model, TREES):
        more = {"X_val": held, "y_val": judging.target, "sample_weight_val": judging.weight}
    model.fit(matrix, teaching.target, sample_weight=teaching.weight, **more)
    return model


def _cut_to_common_length(models: Sequence[Any], sizes: Numbers) -> None:
    """Cut all trees to the number of rounds with the least held-out loss over all folds.

    Each fold stops some rounds after its own best, and its own best is luck in part: one number of
    rounds for all of them is chosen from as many rows as the table has.
    """
    # Scores are losses below nil, one per round and one before the first.
    scores = [np.asarray(model.validation_score_, dtype=np.float64) for model in models]
    longest = max(len(each) for each in scores)
    padded = np.array([np.pad(each, (0, longest - len(each)), mode="edge") for each in scores])
    best = max(1, int(np.argmax(sizes @ padded)))
    for model in models:
        # No public way shortens a fitted ensemble; the registry refuses other versions anyway.
        model._predictors = model._predictors[:best]
