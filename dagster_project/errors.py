"""What stops a night, each with the exit code that `crm` documents."""

from __future__ import annotations

from collections.abc import Iterator

from ingestion.sentence import ToldError


class NightError(ToldError):
    """The night, or a command, cannot go on; one plain sentence tells the operator why."""

    exit_code = 1


class NoBuildError(NightError):
    """A stage was started by itself, without the stages that build what it works on."""

    @classmethod
    def to(cls, zh: str, en: str) -> NoBuildError:
        """For a stage that audits, scores or publishes a build: what it cannot do."""
        return cls(
            f"没有可供{zh}的构建；请启动整个作业 nightly。",
            f"there is no build to {en}; launch the whole job nightly",
        )


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
