"""The fitted pipelines of one model and the few numbers beside them: what is stored and loaded."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import polars as pl
from sklearn.pipeline import Pipeline

from ml.errors import ModelRefused, NoModel
from ml.frames.features import FEATURES, Feature
from ml.judge.watch import Shape
from ml.models.bands import ScoreBand
from ml.models.event import CHURN, DEFAULT, EventModel, opening
from ml.models.level import shifted
from ml.models.pipelines import Array, Attribution, Which
from ml.models.staying import SurvivalModel
from ml.models.value import ValueModel
from ml.names import PRODUCT_GROUPS

Kind = EventModel | ValueModel | SurvivalModel
_KINDS: tuple[Kind, ...] = (
    CHURN,
    ValueModel(),
    SurvivalModel(),
    DEFAULT,
    *map(opening, PRODUCT_GROUPS),
)
MODELS: dict[str, Kind] = {kind.name: kind for kind in _KINDS}


def kind_of(name: str) -> Kind:
    """The recipe of a model by its name."""
    if name not in MODELS:
        raise NoModel(
            f"没有名为 {name} 的模型；现有模型：{'、'.join(MODELS)}。",
            f"There is no model called {name}; there are {', '.join(MODELS)}.",
        )
    return MODELS[name]


@dataclass(frozen=True)
class Scorer:
    """A fitted model, its fitted rival, and which of the two scores customers.

    Attributes:
        name: One of :data:`MODELS`.
        pipelines: Fitted pipelines by role.
        ships: ``model``, or ``baseline`` where the model did not beat it.
        constants: Numbers learnt beside the pipelines.
        absent: Features that were all null in training, because the bank does not record them.
        medians: Middle size of each numeric feature in training, zeros left out.
        band: Ends beside each score.
        shapes: How each feature, and the score itself, was spread over the customers of training.
        read: Features that it reads; what others do moves no score.
        shift: What is added to the log-odds of those that score since they were judged
            (:mod:`ml.models.level`); it belongs to the expected score and to no feature.
    """

    name: str
    pipelines: Mapping[str, Pipeline]
    ships: Which
    constants: Mapping[str, float] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    medians: Mapping[str, float] = field(default_factory=dict)
    band: ScoreBand = field(default_factory=lambda: ScoreBand("yuan"))
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    read: tuple[str, ...] = ()
    shift: float = 0.0

    def predict(self, frame: pl.DataFrame, which: Which | None = None) -> Array:
        """Scores of the rows, in their order."""
        kind, role = kind_of(self.name), which or self.ships
        scores = kind.predict(self.pipelines, self.constants, frame, role)
        return shifted(scores, self.shift) if role == self.ships else scores

    def explain(self, frame: pl.DataFrame, which: Which | None = None) -> Attribution:
        """What each feature adds to each row's score."""
        kind, role = kind_of(self.name), which or self.ships
        why = kind.explain(self.pipelines, self.constants, frame, role)
        return replace(why, expected=why.expected + self.shift) if role == self.ships else why

    def may_lack(
        self, features: Sequence[Feature] = FEATURES, recorded: Collection[str] = ()
    ) -> set[str]:
        """Features that may be null for everybody who is scored (DECISIONLOG).

        What it does not read cannot change a score. Of what it reads, nobody need have a value
        where the contract says so, or where the column came for others; any other empty column
        stands for a delivery that did not come.

        Args:
            features: The feature contract.
            recorded: Features that some customer of the day has, whether scored by this one or not.
        """
        return {
            each.name
            for each in features
            if each.name not in self.read or each.may_be_nobodys or each.name in recorded
        }

    def as_judged(self) -> Scorer:
        """The same before it was moved to the level of the month that judged it."""
        return replace(self, shift=0.0)

    def settings(self) -> dict[str, Any]:
        """Everything but the pipelines, as plain data for the manifest."""
        return {
            "ships": self.ships,
            "constants": dict(self.constants),
            "absent": list(self.absent),
            "medians": dict(self.medians),
            "band": self.band.settings(),
            "shapes": {name: shape.as_data() for name, shape in self.shapes.items()},
            "read": list(self.read),
            "shift": self.shift,
        }

    @classmethod
    def restore(cls, name: str, pipelines: dict[str, Any], settings: dict[str, Any]) -> Scorer:
        """A scorer from what the registry read.

        Raises:
            ModelRefused: The stored parts do not make a scorer.
        """
        ships = settings["ships"]
        if name not in MODELS:
            raise ModelRefused(
                f"本版本程序没有名为 {name} 的模型；现有模型：{'、'.join(MODELS)}。",
                f"{name} is no model of this version of the program; there are "
                f"{', '.join(MODELS)}.",
            )
        if ships not in ("model", "baseline") or not all(
            isinstance(pipeline, Pipeline) for pipeline in pipelines.values()
        ):
            raise ModelRefused(
                f"模型 {name} 的文件中有不是训练结果的内容；请重新训练：crm ml train {name}。",
                f"Model {name} holds something that is no fitted pipeline; train it anew: crm ml"
                f" train {name}.",
            )
        return cls(
            name=name,
            pipelines=pipelines,
            ships=cast(Which, ships),
            constants=settings["constants"],
            absent=tuple(settings["absent"]),
            medians=settings["medians"],
            band=ScoreBand.restore(settings["band"]),
            shapes={name: Shape.of_data(data) for name, data in settings["shapes"].items()},
            read=tuple(settings["read"]),
            shift=float(settings["shift"]),
        )
