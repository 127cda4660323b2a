"""What this room refuses, one named error per reason; each message is one sentence for a reader."""

from __future__ import annotations

#: One statement in Chinese and in English.
Pair = tuple[str, str]


def without_stop(told: Pair) -> Pair:
    """A statement that something is to follow, without the full stop of either language.

    >>> without_stop(("没有数据。", "There are no rows."))
    ('没有数据', 'There are no rows')
    """
    return told[0].removesuffix("。"), told[1].removesuffix(".")


def because_of(told: Pair, why: Pair) -> Pair:
    """A statement with its reason, which is a sentence of its own.

    >>> because_of(("无法比较", "no comparison"), ("没有数据。", "There are no rows."))
    ('无法比较（没有数据）。', 'no comparison: There are no rows.')
    """
    return f"{told[0]}（{without_stop(why)[0]}）。", f"{told[1]}: {why[1]}"


class MlError(Exception):
    """Base of everything that this room refuses on purpose; the error's own text is English.

    Attributes:
        sentence: What is refused and what to do, in Chinese and in English.
    """

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(english)
        self.sentence: Pair = (chinese, english)

    def __reduce__(self) -> tuple[type[MlError], Pair]:
        """Survive the way back from a process that fits."""
        return type(self), self.sentence

    def and_so(self, chinese: str, english: str) -> Pair:
        """The sentence, and what is done instead, in Chinese and in English.

        >>> NoModel("没有模型。", "There is none.").and_so("改用基线", "so the baseline scores")
        ('没有模型，改用基线。', 'There is none, so the baseline scores.')
        """
        zh, en = without_stop(self.sentence)
        stop = self.sentence[1].removeprefix(en)
        return f"{zh}，{chinese}。", f"{en}, {english}{stop}"

    def as_why(self, chinese: str, english: str) -> Pair:
        """What could not be done, and the sentence as its reason, in Chinese and in English."""
        return because_of((chinese, english), self.sentence)


class NotEnoughHistory(MlError):  # noqa: N818  the name is what is said to the bank
    """The bank's history is too short, or has too few events, to fit a model that can be judged.

    The night goes on without scores of that model; its status repeats this sentence.
    """


class FrameRefused(MlError):  # noqa: N818
    """A feature frame does not keep the contract of :mod:`ml.frames.features`."""


class PeriodRefused(FrameRefused):
    """A month end cannot judge two versions; another one may."""


class LeakSuspected(FrameRefused):
    """A feature knows the label: training on it would report a triumph and score nonsense."""


class ModelRefused(MlError):  # noqa: N818
    """A stored model version is tampered with, unknown, or made for other software."""


class NoModel(MlError):  # noqa: N818
    """No version of the model is stored, or none that may be used."""


class NeverTrained(NoModel):
    """No version of the model is there and none ever was: nothing has been lost."""


class ScoringHeld(MlError):  # noqa: N818
    """The features of today look unlike those of training; scoring them would be a guess."""


class InputRefused(MlError):  # noqa: N818
    """What was asked for cannot be done with what was handed over, as the sentence says."""


class TableRefused(InputRefused):
    """A table that somebody brought cannot be judged: not there, no target, nothing to learn."""


class RoleRefused(InputRefused):
    """A version cannot get the role that somebody wants for it."""
