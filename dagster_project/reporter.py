"""Where a night says what it is doing: a screen, a log, or nowhere."""

from __future__ import annotations

import logging
from typing import Protocol

STAGES = (
    "receive",
    "extract",
    "gate",
    "pseudonyms",
    "build",
    "train",
    "score",
    "identity",
    "findings",
    "finish",
    "audit",
    "publish",
    "deliver",
)


class Reporter(Protocol):
    """What a night tells while it runs; calls may come from more than one thread."""

    def stage(self, name: str) -> None:
        """A stage begins; `name` is one of STAGES."""

    def progress(self, text: str, done: int, total: int) -> None:
        """Something within the stage was done: a file, a model."""

    def note(self, text: str, *, is_warning: bool = False) -> None:
        """A sentence that should stay on the screen."""


class LogReporter:
    """Writes stages and notes to a logger; what Dagster's own runs use."""

    def __init__(self, logger: logging.Logger | None = None) -> None:
        self.logger = logger or logging.getLogger("crm.night")

    def stage(self, name: str) -> None:
        """Log that a stage begins."""
        self.logger.info("stage %s", name)

    def progress(self, text: str, done: int, total: int) -> None:
        """Log single steps at debug level only: there are hundreds."""
        self.logger.debug("%s %d/%d", text, done, total)

    def note(self, text: str, *, is_warning: bool = False) -> None:
        """Log a sentence."""
        self.logger.log(logging.WARNING if is_warning else logging.INFO, "%s", text)
