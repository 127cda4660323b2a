"""What is said to people about a delivery: one clear sentence, in Chinese and in English."""

from __future__ import annotations

import re
from typing import NamedTuple

# Control characters and marks that turn the reading direction: a delivered text must not be
# able to forge a log line or show itself as another one.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_SHOWN_CHARACTERS = 60


class Sentence(NamedTuple):
    """One statement in both languages.

    Attributes:
        zh: In Chinese.
        en: In English.
    """

    zh: str
    en: str

    def __str__(self) -> str:
        """The English sentence."""
        return self.en

    @property
    def both(self) -> str:
        """Chinese first, English beside it, for a line that has one place for the two."""
        return f"{self.zh} {self.en}"

    def then(self, zh: str, en: str) -> Sentence:
        """The statement with what follows it, each in its own language.

        A full stop before what follows is dropped: whatever follows begins with a sign of its own.

        >>> Sentence("评分完成", "scored").then("，3 位", ", 3 of them").both
        '评分完成，3 位 scored, 3 of them'
        >>> Sentence("未训练。", "Not trained.").then("；无基线。", "; no baseline.").both
        '未训练；无基线。 Not trained; no baseline.'
        """
        if not zh and not en:
            return self
        return Sentence(f"{self.zh.removesuffix('。')}{zh}", f"{self.en.removesuffix('.')}{en}")


class ToldError(Exception):
    """An error that people read: `sentence` says what is wrong, and what they should do."""

    def __init__(self, zh: str, en: str) -> None:
        self.sentence = Sentence(zh, en)
        super().__init__(en)

    def __reduce__(self) -> tuple[type[ToldError], tuple[str, str]]:
        """Survive the way back from a reader's child process."""
        return type(self), (self.sentence.zh, self.sentence.en)


class RefusedFileError(ToldError):
    """A file cannot be loaded at all; its sender is told why."""


def shown(text: str, length: int = _SHOWN_CHARACTERS) -> str:
    r"""A delivered text made fit to stand inside a sentence: one line, bounded, no tricks.

    >>> shown("a\x1b[31mb\n")
    'a\\x1b[31mb\\n'
    """
    text = _UNPRINTABLE.sub(lambda sign: ascii(sign.group())[1:-1], text)
    return text if len(text) <= length else text[: length - 1] + "…"
