"""What this room refuses, one named error per reason; each message is one sentence for a reader."""


class MlError(Exception):
    """Base of everything that this room refuses on purpose."""


class NotEnoughHistory(MlError):  # noqa: N818  the name is what is said to the bank
    """The bank's history is too short, or has too few events, to fit a model that can be judged.

    The night goes on without scores of that model; its status repeats this sentence.
    """


class FrameRefused(MlError):  # noqa: N818
    """A feature frame does not keep the contract of :mod:`ml.frames.features`."""


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
    """What was asked for cannot be done with what was handed over, as the sentence says.

    Attributes:
        sentence: The same in Chinese and in English, for whoever asked.
    """

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(english)
        self.sentence = (chinese, english)

    def and_so(self, chinese: str, english: str) -> tuple[str, str]:
        """The sentence, and what is done instead, in Chinese and in English."""
        return f"{self.sentence[0].rstrip('。')}，{chinese}。", f"{self.sentence[1]}, {english}"


class TableRefused(InputRefused):
    """A table that somebody brought cannot be judged: not there, no target, nothing to learn."""


class RoleRefused(InputRefused):
    """A version cannot get the role that somebody wants for it."""
