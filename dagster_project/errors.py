"""What stops a night, each with the exit code that `crm` documents."""

from __future__ import annotations

from collections.abc import Iterator

from ingestion.sentence import Sentence


class NightError(Exception):
    """The night cannot go on; the message is one plain sentence for the operator."""

    exit_code = 1


class WrongUsageError(NightError):
    """The command was asked for something that makes no sense."""

    exit_code = 2


class DeliveriesError(NightError):
    """Missing or refused deliveries stopped the night; nothing was published."""

    exit_code = 3


class AuditError(NightError):
    """The audit found the build wanting; nothing was published."""

    exit_code = 4


class LeaseHeldError(NightError):
    """Another run holds the lease of this home."""

    exit_code = 5


class AlreadyPublishedError(NightError):
    """The night asked for is published already."""

    exit_code = 6


class PreflightError(NightError):
    """The machine or the home does not admit a night; nothing was touched."""

    exit_code = 7

    def __init__(self, zh: str, en: str) -> None:
        self.sentence = Sentence(zh, en)
        super().__init__(en)


def chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from, outermost first, each once."""
    seen: set[int] = set()
    now: BaseException | None = error
    while now is not None and id(now) not in seen:
        seen.add(id(now))
        yield now
        now = now.__cause__ or now.__context__


def named_cause(error: BaseException) -> NightError | None:
    """The house's own error inside whatever Dagster wrapped around it."""
    return next((each for each in chain(error) if isinstance(each, NightError)), None)
